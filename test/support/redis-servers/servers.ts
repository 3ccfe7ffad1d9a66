// The Redis processes of one test: a primary with replicas and Sentinels, a Cluster, or one alone. All listen
// on free ports of 127.0.0.1 and end with the process of the test.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closeRedis, connectRedis, type Redis } from '../../../src/redis.ts';
import { freePort, startTestRedis, type TestRedis } from '../redis.ts';
import { until } from '../signals.ts';
import { temporaryDirectory } from '../temporary.ts';

export interface RedisServers {
  /** redis+sentinel://…, redis+cluster://… or redis://… */
  readonly url: string;
  readonly servers: readonly TestRedis[];
  readonly sentinels: readonly TestRedis[];
  /** The server that has the keys of the namespace now, as its guides say. */
  primary(): Promise<TestRedis>;
  /** Makes another one the primary by hand, with all of them at work. */
  switchOver(): Promise<void>;
  /** A connection to one server, for questions and orders of the test. */
  admin(server: TestRedis): Redis;
  stop(): Promise<void>;
}

/** As operators have it where a replica stands by. */
const LIGHT = ['--appendfsync', 'everysec', '--repl-diskless-sync-delay', '0'];

/** Starts one server, which has what it acknowledged after a crash too. */
export async function startPlain(): Promise<RedisServers> {
  const server = await startTestRedis({ tcp: true });
  const admins = openAdmins();
  return {
    ...{ url: server.url, servers: [server], sentinels: [] },
    primary: async () => server,
    async switchOver() {
      throw new Error('There is no other server to switch to.');
    },
    admin: admins.of,
    async stop() {
      admins.close();
      await server.stop();
    },
  };
}

/** Starts one primary, two replicas and three Sentinels, which call a primary lost after `downAfterMs`. */
export async function startSentinels(
  options: { downAfterMs?: number; args?: string[] } = {},
): Promise<RedisServers> {
  const { downAfterMs = 1000, args = [] } = options;
  const start = (more: string[]) =>
    startTestRedis({ tcp: true, keepsChanges: true, args: [...LIGHT, ...args, ...more] });
  const primary = await start([]);
  const replicaof = ['--replicaof', '127.0.0.1', String(portOf(primary))];
  const servers = [primary, ...(await Promise.all([start(replicaof), start(replicaof)]))];
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(portOf(primary), downAfterMs)));
  const admins = openAdmins();
  const url = `redis+sentinel://${sentinels.map((one) => `127.0.0.1:${portOf(one)}`).join(',')}/mymaster`;
  const ask = async (): Promise<number> => {
    for (const sentinel of sentinels) {
      const found = await admins
        .of(sentinel)
        .call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster')
        .catch(() => null);
      if (found) return Number((found as string[])[1]);
    }
    return 0;
  };
  await until(
    async () => {
      const known = await Promise.all(
        sentinels.map((one) => admins.of(one).call('SENTINEL', 'MASTER', 'mymaster')),
      );
      return known.every((fields) => {
        const field = (name: string) => (fields as string[])[(fields as string[]).indexOf(name) + 1];
        return field('num-slaves') === '2' && field('num-other-sentinels') === '2';
      });
    },
    { what: 'the Sentinels to know each other and both replicas', deadlineMs: 20_000, everyMs: 50 },
  );
  return {
    ...{ url, servers, sentinels },
    primary: () => serverAt(servers, ask),
    async switchOver() {
      await admins.of(sentinels[0] as TestRedis).call('SENTINEL', 'FAILOVER', 'mymaster');
    },
    admin: admins.of,
    async stop() {
      admins.close();
      await Promise.all([...sentinels, ...servers].map((server) => server.stop()));
    },
  };
}

async function startSentinel(primaryPort: number, downAfterMs: number): Promise<TestRedis> {
  const path = join(await temporaryDirectory('sentinel'), 'sentinel.conf');
  const lines = [
    `sentinel monitor mymaster 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds mymaster ${downAfterMs}`,
    'sentinel failover-timeout mymaster 3000',
    'sentinel parallel-syncs mymaster 2',
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  return startTestRedis({ tcp: true, sentinel: path });
}

/**
 * Starts three masters and three replicas, or as many masters, each with `replicas`. A master is called lost
 * after `nodeTimeoutMs`.
 */
export async function startCluster(
  options: { nodeTimeoutMs?: number; args?: string[]; masters?: number; replicas?: number } = {},
): Promise<RedisServers> {
  const { nodeTimeoutMs = 1000, args = [], masters = 3, replicas = 1 } = options;
  const more = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(nodeTimeoutMs)];
  const servers = await Promise.all(
    Array.from({ length: masters * (1 + replicas) }, async () => {
      const bus = ['--cluster-port', String(await freePort())];
      return startTestRedis({ tcp: true, args: [...LIGHT, ...more, ...bus, ...args] });
    }),
  );
  const hosts = servers.map((server) => `127.0.0.1:${portOf(server)}`);
  const admins = openAdmins();
  const create = ['--cluster', 'create', ...hosts, '--cluster-replicas', String(replicas), '--cluster-yes'];
  execFileSync('redis-cli', create, { stdio: 'pipe' });
  await until(
    async () => {
      const infos = await Promise.all(servers.map((one) => admins.of(one).call('CLUSTER', 'INFO')));
      const ranges = await admins.of(servers[0] as TestRedis).call('CLUSTER', 'SLOTS');
      const whole = (ranges as unknown[][]).every((range) => range.length === 3 + replicas);
      return whole && infos.every((info) => String(info).includes('cluster_state:ok'));
    },
    { what: 'the Cluster to be whole', deadlineMs: 30_000, everyMs: 50 },
  );
  const ask = async (): Promise<number> => {
    for (const server of servers) {
      const slots = await admins
        .of(server)
        .call('CLUSTER', 'SLOTS')
        .catch(() => null);
      const slot = slots
        ? Number(await admins.of(server).call('CLUSTER', 'KEYSLOT', '{drover:0}:format'))
        : -1;
      for (const [from, to, [, port]] of (slots ?? []) as [number, number, [string, number]][])
        if (from <= slot && slot <= to) return port;
    }
    return 0;
  };
  return {
    url: `redis+cluster://${hosts.slice(0, masters).join(',')}`,
    ...{ servers, sentinels: [] },
    primary: () => serverAt(servers, ask),
    async switchOver() {
      const primary = portOf(await serverAt(servers, ask));
      for (const server of servers) {
        const info = await admins.of(server).info('replication');
        if (!info.includes('role:slave') || !info.includes(`master_port:${primary}\r`)) continue;
        await admins.of(server).call('CLUSTER', 'FAILOVER');
        return;
      }
    },
    admin: admins.of,
    async stop() {
      admins.close();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

async function serverAt(servers: readonly TestRedis[], ask: () => Promise<number>): Promise<TestRedis> {
  const port = await ask();
  const found = servers.find((server) => portOf(server) === port);
  if (!found) throw new Error(`No server of the test listens on port ${port}.`);
  return found;
}

const portOf = (server: TestRedis) => Number(new URL(server.url).port);

/** One connection to each server, which gives up soon when that is down. */
function openAdmins() {
  const open = new Map<TestRedis, Redis>();
  return {
    of(server: TestRedis): Redis {
      const known = open.get(server);
      if (known) return known;
      const redis = connectRedis({ url: server.url }, 'producer');
      Object.assign(redis.options, { maxRetriesPerRequest: 1, commandTimeout: 1000, reconnectOnError: null });
      open.set(server, redis);
      return redis;
    },
    close() {
      for (const redis of open.values()) closeRedis(redis);
    },
  };
}
