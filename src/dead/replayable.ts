// Counts the dead letters that a replay can bring back. Those of cancelled crawls stay dead.

import { listCancelledCrawls } from '../crawl/crawl.ts';
import { type Fleet, homeOfShard } from '../fleet.ts';
import { crawlAndId } from '../keys.ts';
import type { RequestQueue } from '../queue/queue.ts';
import type { DeadFilter } from './filter.ts';
import { indexedGroups, membersOf, reconcileDead } from './groups.ts';
import { extentOf } from './read.ts';

/**
 * The matching letters of a shard that can be replayed, by group, largest first, and the number of those
 * that cannot because their crawl was cancelled.
 */
export interface Replayable {
  groups: { code: string; host: string; count: number }[];
  cancelled: number;
}

/** Counts without changing anything. When no crawl was cancelled, this costs a few counts per group. */
export async function countReplayable(
  fleet: Fleet,
  queue: RequestQueue,
  filter: DeadFilter,
): Promise<Replayable> {
  await reconcileDead(fleet, queue);
  const parts = { fleet, queue };
  const isAnyCancelled = (await listCancelledCrawls(homeOfShard(fleet))).length > 0;
  const groups: Replayable['groups'] = [];
  let cancelled = 0;
  for (const { code, host } of await indexedGroups(fleet, filter)) {
    const all = (await extentOf(parts, { code, host }, filter))?.count ?? 0;
    const lost = isAnyCancelled && all > 0 ? await countCancelled(parts, { code, host }, filter) : 0;
    cancelled += lost;
    if (all > lost) groups.push({ code, host, count: all - lost });
  }
  return { groups: groups.sort((a, b) => b.count - a.count), cancelled };
}

async function countCancelled(
  parts: { fleet: Fleet; queue: RequestQueue },
  group: { code: string; host: string },
  filter: DeadFilter,
): Promise<number> {
  let count = 0;
  for await (const members of membersOf(parts, group, filter)) {
    const cancelled = await cancelledAmong(parts.fleet, members);
    count += members.filter(({ jobId }) => cancelled.has(crawlAndId(jobId).crawl)).length;
  }
  return count;
}

/** The crawls of these letters that were cancelled. One round trip. */
export async function cancelledAmong(
  fleet: Fleet,
  letters: readonly { jobId: string }[],
): Promise<Set<string>> {
  const crawls = [...new Set(letters.map(({ jobId }) => crawlAndId(jobId).crawl))];
  const pipeline = fleet.redis.pipeline();
  for (const crawl of crawls) pipeline.hget(fleet.keys.crawl(crawl), 'state');
  const states = ((await pipeline.exec()) ?? []).map(([, state]) => state);
  return new Set(crawls.filter((_, index) => states[index] === 'cancelled'));
}
