// Forgetting a crawl: removes all that it keeps in Redis, in bounded steps. When a step is the last one of a
// process, whoever comes next goes on from there.
import { findCrawl } from '../crawl/crawl.ts';
import { beginForgetting, endForgetting, type LeftRecords, listForgetting } from '../crawl/forget.ts';
import { checkNotScheduled } from '../crawl/scheduled-runs.ts';
import { findJob } from '../dead/groups.ts';
import { createPurger, type Purge, type Purger } from '../dead/purge.ts';
import type { DeadShard } from '../dead/read.ts';
import { deadShards } from '../dead/shards/letters.ts';
import type { Fleet } from '../fleet.ts';
import { openRequests } from '../frontier/open.ts';
import { dropStep, steerPart } from '../frontier/steer.ts';
import { jobIdOf } from '../keys.ts';
import type { RequestJob, RequestQueue } from '../queue/queue.ts';

export interface Forgotten extends Purge, LeftRecords {
  crawl: string;
}

interface Parts {
  fleet: Fleet;
  /** Those of all shards. */
  queues: readonly RequestQueue[];
  /** Where its dead letters are exported before they are purged; null to purge them without. */
  exportDir: string | null;
  /** Asked before each step. When it says no, the rest is left to the next call. */
  goOn?: () => Promise<boolean> | boolean;
}

interface ForgetParts extends Parts {
  /** Deletes the crawl's records, while the crawl can still be named again. Without it, they stay. */
  removeRecords?: (records: LeftRecords) => Promise<void>;
}

const PAGE = 200;

/**
 * Forgets the crawl with exactly this id: seen set, counters, settings, dead letters and jobs. Its records
 * stay, unless `removeRecords` deletes them. From its first step on, nobody finds the crawl. No step takes
 * longer than some milliseconds, however large the crawl is. Idempotent: a call that was cut off is finished
 * by the next one, or by a consumer. Throws E_CRAWL_UNKNOWN, E_CRAWL_OPEN for a crawl that has not ended,
 * E_CRAWL_SCHEDULED for one whose seeds a schedule needs, E_DISK_FULL and E_FILE when the dead letters cannot
 * be exported.
 */
export async function forgetCrawl(parts: ForgetParts, crawl: string): Promise<Forgotten> {
  await checkNotScheduled(parts.fleet, crawl);
  const records = await beginForgetting(parts.fleet, crawl, parts.removeRecords !== undefined);
  await parts.removeRecords?.(records);
  return { crawl, ...records, ...(await removeRemains(parts, crawl)) };
}

/** The id of the crawl that a user wants to forget, by name or id. Throws E_CRAWL_UNKNOWN. */
export async function findCrawlToForget(fleet: Fleet, idOrName: string): Promise<string> {
  const isHalfway = (await listForgetting(fleet)).includes(idOrName);
  return isHalfway ? idOrName : findCrawl(fleet, idOrName);
}

/**
 * Removes what is left of a crawl that is being forgotten, on all shards. What home has goes last: until then
 * the crawl is known as one that is being forgotten, and a call that comes later goes on.
 */
export async function removeRemains(parts: Parts, crawl: string): Promise<Purge> {
  const { fleet, queues, goOn = () => true } = parts;
  const purger = createPurger(parts.exportDir);
  let isDone = false;
  try {
    await Promise.all(fleet.shards.slice(1).map((shard) => steerPart(shard, crawl, 'cancel')));
    for (const shard of deadShards(fleet, queues)) {
      await purgeDeadOf({ ...shard, goOn }, crawl, purger);
      await removeJobs({ ...shard, goOn }, crawl);
    }
    while (!isDone && (await goOn())) isDone = !(await dropStep(fleet, crawl));
  } catch (error) {
    await purger.end();
    throw error;
  }
  if (isDone) await endForgetting(fleet, crawl);
  return purger.end();
}

interface Steps extends DeadShard {
  goOn: () => Promise<boolean> | boolean;
}

async function purgeDeadOf({ fleet, queue, goOn }: Steps, crawl: string, purger: Purger): Promise<void> {
  let cursor = '0';
  do {
    if (!(await goOn())) return;
    const [next, fields] = await fleet.redis.hscan(fleet.keys.dead(crawl), cursor, 'COUNT', PAGE);
    cursor = next;
    const ids = fields.filter((_, index) => index % 2 === 0);
    const jobs = await Promise.all(ids.map((id) => findJob(queue, jobIdOf(crawl, id))));
    const found = jobs.filter((job): job is RequestJob => job !== null);
    await purger.take(fleet, found);
  } while (cursor !== '0');
}

/**
 * A crawl that was cancelled may have requests in the queue. A job that a consumer has in hand cannot be
 * removed: it ends by itself, because its request is not open any more.
 */
async function removeJobs({ fleet, queue, goOn }: Steps, crawl: string): Promise<void> {
  for await (const page of openRequests(fleet, crawl)) {
    if (page.length === 0) continue;
    if (!(await goOn())) return;
    const jobIds = page.map(({ id }) => jobIdOf(crawl, id));
    await fleet.redis.hdel(fleet.keys.open(crawl), ...page.map(({ id }) => id));
    await fleet.redis.zrem(fleet.keys.handOver, ...jobIds);
    await Promise.all(jobIds.map((jobId) => queue.remove(jobId).catch(() => 0)));
  }
}
