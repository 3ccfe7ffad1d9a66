// What can be killed while a crawl is under way, and how it comes back.
import { consumerProcessesOf } from '../fleets/consumer-processes.ts';
import type { TestRedis } from '../redis.ts';
import type { RedisServers } from '../redis-servers/servers.ts';
import type { Kept } from './kept.ts';
import type { Chance } from './random.ts';

export type VictimKind = 'consumer' | 'child' | 'producer' | 'server' | 'primary' | 'replica' | 'sentinel';

export interface Victim {
  kind: VictimKind;
  name: string;
  kill(): void;
  /** Null: somebody else starts it again. */
  back: (() => Promise<void> | void) | null;
}

export interface SoakFleet {
  servers: RedisServers;
  /** How many primaries there are: 3 in a Cluster. */
  primaries: number;
  consumers: readonly Kept[];
  server: Kept;
  producer(): Kept | null;
}

const weights: Record<VictimKind, number> = {
  ...{ consumer: 4, child: 2, producer: 3, server: 1.5 },
  ...{ primary: 3, replica: 1.5, sentinel: 1 },
};

/**
 * One that can be killed now, by chance. Of the Redis servers, only one is away at a time, and only when all
 * of them have the data: what --durability replica promises is that one may be lost.
 */
export async function chooseVictim(fleet: SoakFleet, chance: Chance): Promise<Victim> {
  const found: Victim[] = [];
  for (const consumer of fleet.consumers) {
    if (!consumer.isUp) continue;
    found.push(ofKept('consumer', consumer));
    for (const pid of consumerProcessesOf(consumer.pid))
      found.push({ kind: 'child', name: `child of ${consumer.name}`, ...killing(pid), back: null });
  }
  if (fleet.server.isUp) found.push(ofKept('server', fleet.server));
  const producer = fleet.producer();
  if (producer?.isUp) found.push(ofKept('producer', producer));
  for (const [server, role] of (await rolesOf(fleet)) ?? []) found.push(ofRedis(role, server));
  const { sentinels } = fleet.servers;
  const pings = await Promise.allSettled(sentinels.map((one) => fleet.servers.admin(one).ping()));
  if (pings.every(({ status }) => status === 'fulfilled'))
    found.push(...sentinels.map((one) => ofRedis('sentinel', one)));
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  // Drawn before the kind, so that as many numbers are drawn whatever is up.
  const which = chance.next();
  const kind = chance.pick(kinds.map((what) => ({ what, weight: weights[what] })));
  const ofKind = found.filter((victim) => victim.kind === kind);
  return ofKind[Math.floor(which * ofKind.length)] as Victim;
}

function ofKept(kind: VictimKind, kept: Kept): Victim {
  return { kind, name: `${kept.name} (${kept.pid})`, kill: kept.kill, back: kept.start };
}

function ofRedis(kind: VictimKind, server: TestRedis): Victim {
  return { kind, name: `${server.url} (${server.pid})`, kill: server.kill, back: server.restart };
}

function killing(pid: number) {
  return {
    kill() {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {} // it has ended meanwhile
    },
  };
}

/** What each Redis server is now; null while one is down, or has not got all that its primary has. */
async function rolesOf({
  servers,
  primaries,
}: SoakFleet): Promise<Map<TestRedis, 'primary' | 'replica'> | null> {
  const roles = new Map<TestRedis, 'primary' | 'replica'>();
  let [replicas, online] = [0, 0];
  try {
    for (const server of servers.servers) {
      const info = await servers.admin(server).info('replication');
      const isPrimary = info.includes('role:master');
      roles.set(server, isPrimary ? 'primary' : 'replica');
      if (isPrimary) online += [...info.matchAll(/^slave\d+:.*state=online/gm)].length;
      else if (info.includes('master_link_status:up')) replicas++;
      else return null;
    }
    const known = await servers.primary();
    if (roles.get(known) !== 'primary') return null;
  } catch {
    return null;
  }
  const count = [...roles.values()].filter((role) => role === 'primary').length;
  return count === primaries && replicas === online && replicas === roles.size - count ? roles : null;
}
