// One crawl over many hosts with so many shards on so many Redis processes, and what it took.
import { join } from 'node:path';
import { namespaceOf } from '../../src/keys.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { startTestRedis, type TestRedis } from '../../test/support/redis.ts';
import { startCluster } from '../../test/support/redis-servers/servers.ts';
import { nameOf, type Shape, settingsOf } from '../many-hosts/hosts.ts';
import { startManyHosts } from '../many-hosts/site.ts';
import { inColumns } from '../measure/columns.ts';
import { withDirectory } from '../measure/measure.ts';
import { usageOf } from '../measure/process-use.ts';
import { withFleet } from '../politeness/fleet.ts';
import { median } from '../speed/figures.ts';

export interface ShardsRun {
  seconds: number;
  /** CPU of all Redis processes, and of drover, a page; in milliseconds. */
  redisMs: number;
  droverMs: number;
  /** The share of the busiest Redis process in the mean of all; the same of the requests of shards. */
  busiest: number;
  largest: number;
}

interface Servers {
  url: string;
  servers: readonly TestRedis[];
  stop(): Promise<void>;
}

const CRAWL = 'shards';
const SYNC = ['--appendfsync', 'everysec'];

/** Throws an Error if a page is missing. */
export async function shardsCrawl(
  shape: Shape,
  { shards, redis }: { shards: number; redis: number },
): Promise<ShardsRun> {
  const servers =
    redis === 1 ? await startOne() : await startCluster({ masters: redis, replicas: 0, args: SYNC });
  const cpu = () => servers.servers.map(({ pid }) => usageOf(pid).cpuSeconds);
  try {
    return await withDirectory(async (directory) => {
      const site = await startManyHosts({ ...shape, latencyMs: 20, log: join(directory, 'server.log') });
      try {
        const settings = { ...settingsOf(shape), shards, redisUrl: servers.url, hosts: {} };
        return await withFleet(settings, async (fleet) => {
          const consumer = fleet.consume(100, ['--resolve', `*:${site.port}:127.0.0.1`, '--processes', '1']);
          const begun = performance.now();
          const before = cpu();
          await fleet.run([
            ...['enqueue', `http://${nameOf(0)}:${site.port}/`, '--crawl', CRAWL, '--scope', 'any'],
            ...['--allow-private', '127.0.0.1/32', '--ignore-robots', '--quiet'],
          ]);
          const { recorded } = await fleet.finished(CRAWL);
          const whole = shape.hosts * shape.pagesPerHost;
          if (recorded !== whole) throw new Error(`${recorded} of ${whole} pages were recorded`);
          const used = cpu().map((seconds, at) => seconds - (before[at] as number));
          const sum = used.reduce((all, one) => all + one, 0);
          const accepted = await acceptedBy(servers.url, shards);
          return {
            seconds: (performance.now() - begun) / 1000,
            redisMs: (sum / whole) * 1000,
            droverMs: (usageOf(consumer.pid).cpuSeconds / whole) * 1000,
            busiest: Math.max(...used) / (sum / used.length),
            largest: Math.max(...accepted) / (whole / shards),
          };
        });
      } finally {
        await site.stop();
      }
    });
  } finally {
    await servers.stop();
  }
}

async function startOne(): Promise<Servers> {
  const server = await startTestRedis({ tcp: true, args: SYNC });
  return { url: server.url, servers: [server], stop: () => server.stop() };
}

/** How many requests of the crawl each shard accepted. */
function acceptedBy(url: string, shards: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const namespace = namespaceOf('drover', shard);
      const redis = connectRedis({ url, namespace }, 'script');
      const accepted = Number(await redis.hget(`${namespace}:c:${CRAWL}`, 'accepted'));
      closeRedis(redis);
      return accepted;
    }),
  );
}

export function shardsTable(runs: {
  one: readonly ShardsRun[];
  many: readonly ShardsRun[];
  shards: number;
  redis: number;
}): string {
  const row = (name: string, of: readonly ShardsRun[]) => {
    const mid = (figure: (run: ShardsRun) => number) => median(of.map(figure)).toFixed(2);
    return [
      ...[
        name,
        mid(({ seconds }) => seconds),
        mid(({ redisMs }) => redisMs),
        mid(({ droverMs }) => droverMs),
      ],
      ...[`${mid(({ busiest }) => busiest)} ×`, `${mid(({ largest }) => largest)} ×`],
    ];
  };
  return inColumns([
    [
      '',
      'seconds',
      'Redis ms a page',
      'drover ms a page',
      'busiest Redis to the mean',
      'largest shard to the mean',
    ],
    row('1 shard on 1 Redis', runs.one),
    row(`${runs.shards} shards on ${runs.redis}`, runs.many),
  ]);
}
