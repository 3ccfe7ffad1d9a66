// Shards that no consumer serves (--shard), though requests wait there.
import type { Fleet } from '../fleet.ts';
import { type FleetMember, readMembers } from './members.ts';

export interface UnservedShard {
  shard: number;
  /** How many requests wait there. */
  waiting: number;
}

/** Empty while no consumer is there: then none is served, which is no mistake. `members`: as they are now. */
export async function readUnserved(fleet: Fleet, members?: readonly FleetMember[]): Promise<UnservedShard[]> {
  if (fleet.shards.length === 1) return [];
  const consumers = (members ?? (await readMembers(fleet))).filter(
    ({ kind, state }) => kind === 'consumer' && state === 'running',
  );
  if (consumers.length === 0 || consumers.some(({ shards }) => shards === undefined)) return [];
  const served = new Set(consumers.flatMap(({ shards }) => shards ?? []));
  const alone = fleet.shards.filter(({ shard }) => !served.has(shard));
  const found = await Promise.all(
    alone.map(async (shard) => ({ shard: shard.shard, waiting: await waitingIn(shard) })),
  );
  return found.filter(({ waiting }) => waiting > 0);
}

async function waitingIn({ redis, keys }: Fleet): Promise<number> {
  let waiting = 0;
  for (const crawl of await redis.zrange(keys.activeCrawls, '0', '-1')) {
    const counts = await redis.hmget(keys.crawl(crawl), 'accepted', 'recorded', 'refused', 'dead');
    const [accepted = 0, ...ended] = counts.map(Number);
    waiting += accepted - ended.reduce((sum, count) => sum + count, 0);
  }
  return waiting;
}

/** `shard 3 (120 requests)`, one after the other; '' for none. */
export function unservedText(unserved: readonly UnservedShard[]): string {
  const each = unserved.map(({ shard, waiting }) => `shard ${shard} (${waiting} waiting)`);
  return each.length === 0 ? '' : `no consumer serves ${each.join(', ')}`;
}
