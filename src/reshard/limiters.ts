// Moves what is known of limiter keys: their limits, pauses and paces, and robots.txt of their hosts. Slots
// are not moved: nobody holds one in a namespace at rest.
import type { Fleet } from '../fleet.ts';
import { limiterKeyOf } from '../url/host.ts';
import {
  forEach,
  isSame,
  keeperOf,
  moveKey,
  type Resharding,
  scoresOf,
  suffixesOf,
  targetOf,
} from './move.ts';

export async function moveLimiters(resharding: Resharding, from: Fleet): Promise<void> {
  const { redis, keys, namespace } = from;
  for await (const suffixes of suffixesOf(from, ':k:'))
    await forEach(suffixes, async (suffix) => {
      // Of a key, the hash alone; what else begins like it are slots and who waits for them.
      if ((await redis.type(`${namespace}${suffix}`)) !== 'hash') {
        await redis.unlink(`${namespace}${suffix}`);
        return;
      }
      const to = targetOf(resharding, suffix.slice(':k:'.length));
      if (!isSame(to, from)) await moveKey(from, to, suffix);
    });
  for await (const suffixes of suffixesOf(from, ':robots:'))
    await forEach(suffixes, async (suffix) => {
      const to = targetOf(resharding, limiterKeyOf(`${suffix.slice(':robots:'.length)}/`));
      if (suffix.endsWith(':lock')) await redis.unlink(`${namespace}${suffix}`);
      else if (!isSame(to, from)) await moveKey(from, to, suffix);
    });
  for (const key of await redis.smembers(keys.limitedByOperator)) {
    const to = targetOf(resharding, key);
    if (isSame(to, from)) continue;
    await to.redis.sadd(to.keys.limitedByOperator, key);
    await redis.srem(keys.limitedByOperator, key);
  }
  for await (const held of scoresOf(from, keys.heldHosts))
    await forEach(held, async ([key, until]) => {
      const to = targetOf(resharding, key);
      if (isSame(to, from)) return;
      await to.redis.zadd(to.keys.heldHosts, until, key);
      await redis.zrem(keys.heldHosts, key);
    });
}

/**
 * Records of replays that have ended stay with their shard while it is there; so does when each group was
 * tried.
 */
export async function moveReplays(resharding: Resharding, from: Fleet): Promise<void> {
  const { old, to: count } = resharding;
  const tried = await from.redis.hgetall(from.keys.autoReplays);
  const keepers = resharding.next.shards.filter(({ shard }) => shard % old.shards.length === from.shard);
  for (const keeper of from.shard < count ? keepers : [keeperOf(resharding, from)]) {
    if (isSame(keeper, from)) continue;
    for (const [group, at] of Object.entries(tried)) {
      const known = Number((await keeper.redis.hget(keeper.keys.autoReplays, group)) ?? 0);
      if (Number(at) > known) await keeper.redis.hset(keeper.keys.autoReplays, group, at);
    }
  }
  const to = keeperOf(resharding, from);
  if (isSame(to, from)) return;
  for await (const runs of scoresOf(from, from.keys.replays))
    for (const [run, began] of runs) {
      await to.redis.zadd(to.keys.replays, began, run);
      await moveKey(from, to, `:replay:${run}:crawls`);
      await moveKey(from, to, `:replay:${run}`);
      await from.redis.zrem(from.keys.replays, run);
    }
}
