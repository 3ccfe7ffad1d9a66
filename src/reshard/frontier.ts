// Moves the frontier of a crawl: its lanes and open requests by their limiter keys. Of the seen set, which
// holds fingerprints alone, each shard gets that of the shard that had its hosts: all that they had, and
// more.
import type { Fleet } from '../fleet.ts';
import { expandEntry, limiterKeyOfRequest } from '../frontier/entry.ts';
import { jobIdOf } from '../keys.ts';
import { unpackRequest } from '../request.ts';
import { defineScript } from '../scripts.ts';
import { fingerprint } from '../url/fingerprint.ts';
import {
  copyKey,
  fieldsOf,
  forEach,
  isSame,
  keeperOf,
  moveKey,
  type Resharding,
  scoresOf,
  targetOf,
} from './move.ts';

/** So many entries of a lane are read at a time. */
const LANE_PAGE = 1000;

const uniteScript = defineScript({
  path: 'reshard/lua/unite-seen.lua',
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, members }: { crawl: string; members: readonly string[] }) => [crawl, ...members],
  answer: () => undefined,
});

const seedsScript = defineScript({
  path: 'reshard/lua/append-seeds.lua',
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, from, seeds, keeps }: { crawl: string; from: number; seeds: Buffer; keeps: boolean }) => [
    ...[crawl, from, keeps ? 1 : 0, seeds],
  ],
  answer: () => undefined,
});

/** Everything of a crawl on one shard that belongs to a limiter key. */
export async function moveFrontier(resharding: Resharding, from: Fleet, crawl: string): Promise<void> {
  await moveOpen(resharding, from, crawl);
  await moveLanes(resharding, from, crawl);
  const { openByLimiter, acceptedByHost, notDueByLimiter } = from.keys;
  for (const keyFor of [openByLimiter, acceptedByHost, notDueByLimiter]) {
    const suffix = keyFor(crawl).slice(from.namespace.length);
    for await (const page of fieldsOf(from, keyFor(crawl)))
      await forEach(page, async ([key, number]) => {
        const to = targetOf(resharding, key);
        if (isSame(to, from)) return;
        await to.redis.hset(`${to.namespace}${suffix}`, key, number);
        await from.redis.hdel(keyFor(crawl), key);
      });
  }
  await moveSeeds(resharding, from, crawl);
}

/** Open requests, with their place on the hand-over list. Their jobs move by themselves. */
async function moveOpen(resharding: Resharding, from: Fleet, crawl: string): Promise<void> {
  for await (const page of fieldsOf(from, from.keys.open(crawl)))
    await forEach(page, async ([id, value]) => {
      const packed = value.slice(value.indexOf('\x1f') + 1);
      const to = targetOf(resharding, limiterKeyOfRequest(unpackRequest(packed)));
      if (isSame(to, from)) return;
      const member = jobIdOf(crawl, id);
      const handedAt = await from.redis.zscore(from.keys.handOver, member);
      await moveReplayed(from, to, crawl, [id]);
      await to.redis.hset(to.keys.open(crawl), id, value);
      if (handedAt !== null) await to.redis.zadd(to.keys.handOver, handedAt, member);
      await from.redis.zrem(from.keys.handOver, member);
      await from.redis.hdel(from.keys.open(crawl), id);
      resharding.onMoved(1);
    });
}

/**
 * The due set names each limiter key whose lane holds something. A key leaves it when its lanes have moved.
 */
async function moveLanes(resharding: Resharding, from: Fleet, crawl: string): Promise<void> {
  const { redis, keys, namespace } = from;
  const priorities = (await redis.hget(keys.crawl(crawl), 'priorities')) ?? '0';
  const hasReplayed = (await redis.exists(keys.replayed(crawl))) === 1;
  for await (const page of scoresOf(from, keys.dueLanes(crawl)))
    await forEach(page, async ([key, dueAt]) => {
      const to = targetOf(resharding, key);
      if (isSame(to, from)) return;
      for (const priority of priorities) {
        const lane = keys.lane(crawl, priority, key);
        const length = await redis.llen(lane);
        if (length === 0) continue;
        for (let at = 0; hasReplayed && at < length; at += LANE_PAGE) {
          const entries = await redis.lrange(lane, at, at + LANE_PAGE - 1);
          const ids = entries.map((entry) => idOf(unpackRequest(expandEntry(entry, key))));
          await moveReplayed(from, to, crawl, ids);
        }
        await moveKey(from, to, lane.slice(namespace.length));
        resharding.onMoved(length);
      }
      await to.redis.zadd(to.keys.dueLanes(crawl), dueAt, key);
      await redis.zrem(keys.dueLanes(crawl), key);
    });
}

function idOf({ url, extras }: ReturnType<typeof unpackRequest>): string {
  return fingerprint(extras ? { url, method: extras.method, body: extras.body } : { url });
}

/** Of those that a replay has brought back, the run and the claim. */
async function moveReplayed(from: Fleet, to: Fleet, crawl: string, ids: readonly string[]): Promise<void> {
  const runs = await from.redis.hmget(from.keys.replayed(crawl), ...ids);
  const found = ids.flatMap((id, at) => (runs[at] ? [[id, runs[at]] as const] : []));
  if (found.length === 0) return;
  await to.redis.hset(to.keys.replayed(crawl), Object.fromEntries(found));
  await from.redis.hdel(from.keys.replayed(crawl), ...found.map(([id]) => id));
}

/** Seeds stay with their shard while it is there. */
async function moveSeeds(resharding: Resharding, from: Fleet, crawl: string): Promise<void> {
  const to = keeperOf(resharding, from);
  if (isSame(to, from)) return;
  const seeds = (await from.redis.getBuffer(from.keys.seeds(crawl))) ?? Buffer.alloc(0);
  const keeps = (await from.redis.hget(from.keys.crawl(crawl), 'keepSeeds')) !== '0';
  await to.run(seedsScript, { crawl, from: from.shard, seeds, keeps });
}

/** For shards that are new: the seen set of the shard that had their hosts until now. */
export async function copySeen({ from, old }: Resharding, to: Fleet, crawl: string): Promise<void> {
  const source = old.shards[to.shard % from] as Fleet;
  const [buckets, seen] = await source.redis.hmget(source.keys.crawl(crawl), 'buckets', 'seen');
  for (const bucket of range(Number(buckets ?? 0) || (seen ? 1 : 0)))
    await copyKey(source, to, source.keys.seen(crawl, bucket).slice(source.namespace.length));
  if (buckets || seen) await to.redis.hset(to.keys.crawl(crawl), 'buckets', buckets ?? 1, 'seen', seen ?? 0);
}

/** For shards that go: their seen set joins that of the shard that has their hosts then. */
export async function uniteSeen(resharding: Resharding, from: Fleet, crawl: string): Promise<void> {
  const to = keeperOf(resharding, from);
  if (isSame(to, from)) return;
  const buckets = Number((await from.redis.hget(from.keys.crawl(crawl), 'buckets')) ?? 1);
  for (const bucket of range(buckets)) {
    const key = from.keys.seen(crawl, bucket);
    const members = await from.redis.smembers(key);
    if (members.length === 0) continue;
    await to.run(uniteScript, { crawl, members });
    await from.redis.unlink(key);
  }
}

const range = (count: number) => Array.from({ length: count }, (_, at) => at);
