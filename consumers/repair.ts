// Repairs what a crash in the middle of a replay leaves (an open request whose job is still failed), and what only an operator's hand in
// the queue can leave (an open request without a job).
import type { Fleet } from '../src/fleet.ts';
import { openRequests } from '../src/frontier/open.ts';
import { jobIdOf } from '../src/keys.ts';
import { retryFailed } from '../src/queue/dead-letters.ts';
import type { RequestQueue } from '../src/queue/queue.ts';

const MOST_STEERED = 100;

/**
 * Puts every open request that has no job in the queue back on the hand-over list, so that a turn brings it into the queue again, and
 * retries those whose job is failed. Answers how many. Idempotent; at most one pass over the window, never over the frontier.
 */
export async function repairFrontier(fleet: Fleet, queue: RequestQueue): Promise<number> {
  let repaired = 0;
  for (const crawl of await unfinished(fleet)) {
    for await (const page of openRequests(fleet, crawl)) {
      const ids = page.map(({ id }) => id);
      repaired += await repairOpen(fleet, queue, crawl, ids);
    }
  }
  return repaired;
}

/** Crawls with something to dispatch, and those of the newest that were paused or cancelled: their open requests are in the queue too. */
async function unfinished(fleet: Fleet): Promise<Set<string>> {
  const crawls = new Set(await fleet.redis.zrange(fleet.keys.activeCrawls, '0', '-1'));
  for (const crawl of await fleet.redis.zrevrange(fleet.keys.crawls, '0', String(MOST_STEERED - 1))) {
    const state = await fleet.redis.hget(fleet.keys.crawl(crawl), 'state');
    if (state === 'paused' || state === 'cancelled') crawls.add(crawl);
  }
  return crawls;
}

async function repairOpen(fleet: Fleet, queue: RequestQueue, crawl: string, ids: string[]): Promise<number> {
  const pipeline = fleet.redis.pipeline();
  for (const id of ids) {
    pipeline.exists(queue.toKey(jobIdOf(crawl, id)));
    pipeline.zscore(queue.toKey('failed'), jobIdOf(crawl, id));
  }
  const replies = (await pipeline.exec()) ?? [];
  const missing = ids.filter((_, index) => replies[index * 2]?.[1] === 0);
  const failed = ids.filter((_, index) => replies[index * 2 + 1]?.[1]);
  for (const id of failed) {
    const job = await queue.getJob(jobIdOf(crawl, id));
    if (job) await retryFailed(job);
  }
  if (missing.length === 0) return failed.length;
  // With NX, what is on the list already keeps its time; the age makes the next turn hand it over again.
  const members = missing.flatMap((id) => [1, jobIdOf(crawl, id)]);
  return failed.length + Number(await fleet.redis.zadd(fleet.keys.handOver, 'NX', ...members));
}
