// Moves the jobs of a shard, with its dead letters. A job keeps its attempts, its memory and when it is due.
import type { Fleet } from '../fleet.ts';
import { limiterKeyOfRequest } from '../frontier/entry.ts';
import { crawlAndId } from '../keys.ts';
import { requestIfOwn } from '../queue/job-data.ts';
import { fieldsOf, forEach, isSame, keeperOf, moveKey, type Resharding, scoresOf, targetOf } from './move.ts';

/**
 * The lists and sorted sets of BullMQ in which a job may be. One that was in flight is found without its
 * lock.
 */
const LISTS = ['wait', 'paused', 'active'];
const SETS = ['delayed', 'failed', 'prioritized'];

/** Moves the index of dead letters. To be done before their jobs move: these say where each belongs. */
export async function moveDeadIndex(resharding: Resharding, from: Fleet): Promise<void> {
  const { keys } = from;
  for await (const groups of scoresOf(from, keys.deadGroups))
    for (const [group, lastDeath] of groups) {
      const index = keys.deadGroup(group);
      for await (const letters of scoresOf(from, index))
        await forEach(letters, async ([job, diedAt]) => {
          const to = await targetOfJob(resharding, from, job);
          if (to === null || isSame(to, from)) return;
          await to.redis.zadd(to.keys.deadGroup(group), diedAt, job);
          await to.redis.zadd(to.keys.deadGroups, 'GT', lastDeath, group);
          await from.redis.zrem(index, job);
        });
      if ((await from.redis.exists(index)) === 0) await from.redis.zrem(keys.deadGroups, group);
    }
}

export async function moveJobs(resharding: Resharding, from: Fleet): Promise<void> {
  for (const name of LISTS) {
    const list = `:requests:${name}`;
    // In their order, which is that in which they are taken.
    for (const job of await from.redis.lrange(`${from.namespace}${list}`, 0, -1)) {
      const to = await targetOfJob(resharding, from, job);
      if (to !== null && isSame(to, from)) continue;
      if (to !== null)
        await moveJob(from, to, job, async () => {
          await to.redis.lrem(`${to.namespace}${list}`, 0, job);
          await to.redis.rpush(`${to.namespace}${list}`, job);
        });
      await from.redis.lrem(`${from.namespace}${list}`, 0, job);
    }
  }
  for (const name of SETS) {
    const set = `:requests:${name}`;
    for await (const jobs of scoresOf(from, `${from.namespace}${set}`))
      await forEach(jobs, async ([job, score]) => {
        const to = await targetOfJob(resharding, from, job);
        if (to !== null && isSame(to, from)) return;
        if (to !== null)
          await moveJob(from, to, job, () => to.redis.zadd(`${to.namespace}${set}`, score, job));
        await from.redis.zrem(`${from.namespace}${set}`, job);
      });
  }
}

/** `list`: puts it where it was, at the target. Whoever called removes it from its source, last of all. */
async function moveJob(from: Fleet, to: Fleet, job: string, list: () => Promise<unknown>): Promise<void> {
  const { crawl, id } = crawlAndId(job);
  const [reason, since] = await Promise.all([
    from.redis.hget(from.keys.dead(crawl), id),
    from.redis.zscore(from.keys.renders, job),
  ]);
  if (reason !== null) await to.redis.hset(to.keys.dead(crawl), id, reason);
  if (since !== null) await to.redis.zadd(to.keys.renders, since, job);
  await list();
  await from.redis.hdel(from.keys.dead(crawl), id);
  await from.redis.zrem(from.keys.renders, job);
  await moveKey(from, to, `:requests:${job}:logs`);
  await moveKey(from, to, `:requests:${job}`);
}

/** Dead letters without a job stay with the shard: only who changes the queue by hand leaves such. */
export async function moveLoneDead(resharding: Resharding, from: Fleet, crawl: string): Promise<void> {
  const to = keeperOf(resharding, from);
  if (isSame(to, from)) return;
  for await (const dead of fieldsOf(from, from.keys.dead(crawl)))
    for (const [id, reason] of dead) {
      await to.redis.hset(to.keys.dead(crawl), id, reason);
      await from.redis.hdel(from.keys.dead(crawl), id);
    }
}

/**
 * The shard of the request of a job. What drover has not put into the queue stays. Null for a job that has
 * moved, and is still in the list that it leaves last of all.
 */
async function targetOfJob(resharding: Resharding, from: Fleet, job: string): Promise<Fleet | null> {
  const text = await from.redis.hget(from.keys.job(job), 'data');
  if (text === null) return null;
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return keeperOf(resharding, from);
  }
  const request = requestIfOwn({ id: job, data });
  return request === null ? keeperOf(resharding, from) : targetOf(resharding, limiterKeyOfRequest(request));
}
