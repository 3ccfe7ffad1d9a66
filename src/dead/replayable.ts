// Which dead letters a replay can bring back: not those of crawls that were cancelled.

import { listCancelledCrawls } from '../crawl/crawl.ts';
import { crawlAndId, crawlKey } from '../frontier/keys.ts';
import type { RequestQueue } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';
import type { DeadFilter } from './filter.ts';
import { indexedGroups, membersOf, reconcileDead } from './groups.ts';
import { extentOf } from './read.ts';

/** What of the letters that match can be replayed, by group, the largest first; and how many cannot, because their crawl was cancelled. */
export interface Replayable {
  groups: { code: string; host: string; count: number }[];
  cancelled: number;
}

/** Changes nothing. Where no crawl was cancelled, it costs a few counts a group. */
export async function countReplayable(
  redis: Redis,
  namespace: string,
  queue: RequestQueue,
  filter: DeadFilter,
): Promise<Replayable> {
  await reconcileDead(redis, namespace, queue);
  const parts = { redis, namespace, queue };
  const isAnyCancelled = (await listCancelledCrawls(redis, namespace)).length > 0;
  const groups: Replayable['groups'] = [];
  let cancelled = 0;
  for (const { code, host } of await indexedGroups(redis, namespace, filter)) {
    const all = (await extentOf(parts, { code, host }, filter))?.count ?? 0;
    const lost = isAnyCancelled && all > 0 ? await countCancelled(parts, { code, host }, filter) : 0;
    cancelled += lost;
    if (all > lost) groups.push({ code, host, count: all - lost });
  }
  return { groups: groups.sort((a, b) => b.count - a.count), cancelled };
}

async function countCancelled(
  parts: { redis: Redis; namespace: string; queue: RequestQueue },
  group: { code: string; host: string },
  filter: DeadFilter,
): Promise<number> {
  let count = 0;
  for await (const members of membersOf(parts, group, filter)) {
    const cancelled = await cancelledAmong(parts.redis, parts.namespace, members);
    count += members.filter(({ jobId }) => cancelled.has(crawlAndId(jobId).crawl)).length;
  }
  return count;
}

/** The crawls of these letters that were cancelled. One round trip. */
export async function cancelledAmong(
  redis: Redis,
  namespace: string,
  letters: readonly { jobId: string }[],
): Promise<Set<string>> {
  const crawls = [...new Set(letters.map(({ jobId }) => crawlAndId(jobId).crawl))];
  const pipeline = redis.pipeline();
  for (const crawl of crawls) pipeline.hget(crawlKey(namespace, crawl), 'state');
  const states = ((await pipeline.exec()) ?? []).map(([, state]) => state);
  return new Set(crawls.filter((_, index) => states[index] === 'cancelled'));
}
