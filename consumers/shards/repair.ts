// Repairs open requests whose job is failed (after a crash in the middle of a replay), and open requests
// without a job (only an operator who changes the queue by hand can cause these).
import { type Fleet, homeOfShard } from '../../src/fleet.ts';
import { openRequests } from '../../src/frontier/open.ts';
import { jobIdOf } from '../../src/keys.ts';
import { retryFailed } from '../../src/queue/dead-letters.ts';
import type { RequestQueue } from '../../src/queue/queue.ts';

const MOST_STEERED = 100;

/**
 * Puts each open request without a job back on the hand-over list, so that a dispatch brings it into the
 * queue again, and retries failed jobs of open requests. Returns how many it repaired. Idempotent. It reads
 * the window at most once, and never the frontier.
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

/**
 * The crawls with something to dispatch, and the paused or cancelled ones among the newest: their open
 * requests are in the queue too.
 */
async function unfinished(fleet: Fleet): Promise<Set<string>> {
  const crawls = new Set(await fleet.redis.zrange(fleet.keys.activeCrawls, '0', '-1'));
  const home = homeOfShard(fleet);
  for (const crawl of await home.redis.zrevrange(home.keys.crawls, '0', String(MOST_STEERED - 1))) {
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
  // With NX, a request that is already on the list keeps its time. The time 1 is so old that the next
  // dispatch hands the request over again.
  const members = missing.flatMap((id) => [1, jobIdOf(crawl, id)]);
  return failed.length + Number(await fleet.redis.zadd(fleet.keys.handOver, 'NX', ...members));
}
