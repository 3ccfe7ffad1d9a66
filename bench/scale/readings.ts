// What the Redis processes of a simulation say of themselves: CPU, memory, and the parts of the crawl.
import { countsOf } from '../../src/crawl/crawl.ts';
import { connectionsOf, type Fleet } from '../../src/fleet.ts';
import type { Redis } from '../../src/redis.ts';
import { SCALE_CRAWL } from './shards.ts';

/** At one moment. Arrays are by Redis process, or by shard. */
export interface ScaleReading {
  /** CPU seconds of each process so far; of its children, which rewrite its log of commands, apart. */
  cpuSeconds: number[];
  rewriteSeconds: number[];
  usedBytes: number[];
  /** By shard: URLs that were new, pages that have ended. */
  seen: number[];
  recorded: number[];
  /** Lists of links to another shard that have not arrived there. */
  onTheWay: number;
  /** Of a seen URL: in the buckets of the seen set, of which some are asked. */
  bytesPerSeen: number;
}

const SAMPLED_BUCKETS = 40;
/** Of a key in the table of keys, beside what MEMORY USAGE counts: its place in the table itself. */
const BYTES_OF_PLACE = 8;

/** `meanwhile`: what is to be read at the same moment. */
export async function readScale(
  home: Fleet,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<ScaleReading> {
  const [infos, parts] = await Promise.all([
    Promise.all(connectionsOf(home).map(infoOf)),
    Promise.all(home.shards.map(({ redis, keys }) => redis.hgetall(keys.crawl(SCALE_CRAWL)))),
    meanwhile(),
  ]);
  const counts = parts.map((part) => countsOf(SCALE_CRAWL, part));
  const samples = await Promise.all(home.shards.map(sampleOfSeen));
  return {
    cpuSeconds: infos.map((info) => numberIn(info, 'used_cpu_sys') + numberIn(info, 'used_cpu_user')),
    rewriteSeconds: infos.map(
      (info) => numberIn(info, 'used_cpu_sys_children') + numberIn(info, 'used_cpu_user_children'),
    ),
    usedBytes: infos.map(dataBytes),
    seen: counts.map(({ accepted }) => accepted),
    recorded: counts.map(({ recorded }) => recorded),
    onTheWay: sum(parts.map(({ out }) => Number(out ?? 0))),
    bytesPerSeen:
      sum(samples.map(({ bytes }) => bytes)) / Math.max(1, sum(samples.map(({ members }) => members))),
  };
}

async function infoOf(redis: Redis): Promise<string> {
  return (await Promise.all([redis.info('cpu'), redis.info('memory')])).join('\n');
}

const numberIn = (info: string, name: string) =>
  Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);

/** Without the buffers of connections and of the log of commands, which come and go. */
function dataBytes(info: string): number {
  return (
    numberIn(info, 'used_memory') - numberIn(info, 'mem_clients_normal') - numberIn(info, 'mem_aof_buffer')
  );
}

async function sampleOfSeen({ redis, keys }: Fleet): Promise<{ bytes: number; members: number }> {
  const buckets = Number((await redis.hget(keys.crawl(SCALE_CRAWL), 'buckets')) ?? 1);
  const apart = Math.max(1, Math.floor(buckets / SAMPLED_BUCKETS));
  const sampled = Array.from({ length: Math.ceil(buckets / apart) }, (_, index) =>
    keys.seen(SCALE_CRAWL, index * apart),
  );
  const [bytes, members] = await Promise.all([
    Promise.all(sampled.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0))),
    Promise.all(sampled.map((key) => redis.scard(key))),
  ]);
  return { bytes: sum(bytes.map((one) => (one ?? 0) + BYTES_OF_PLACE)), members: sum(members) };
}

export const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
