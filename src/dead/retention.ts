// Retention of dead letters by age and count: the oldest are exported and deleted, and the log says so.

import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import type { RequestJob, RequestQueue } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';
import { findJob } from './groups.ts';
import { createPurger, type Purge, type Purger } from './purge.ts';

export type RetentionSettings = Pick<Settings, 'keepDead' | 'keepDeadCount' | 'purgeUnexported' | 'dataDir'>;

const BATCH = 200;
/** Most batches in one round; the next round continues. */
const MOST_BATCHES = 500;

/** Folder for exports of purged letters. */
export function purgedDirectory(dataDir: string): string {
  return join(dataDir, 'purged');
}

/**
 * One round: deletes the letters that are too old or too many. `goOn` is called before each batch. Does
 * nothing when no limit is set, and costs one or two queries when nothing is due. Letters that could not be
 * exported stay; then it throws E_DISK_FULL or E_FILE.
 */
export async function purgeOldDead(
  parts: { fleet: Fleet; queue: RequestQueue; settings: RetentionSettings; log: Log },
  goOn: () => Promise<boolean> | boolean = () => true,
): Promise<Purge> {
  const { fleet, queue, settings, log } = parts;
  const { keepDead, keepDeadCount, purgeUnexported, dataDir } = settings;
  if (keepDead === null && keepDeadCount === null) return { purged: 0, exportedTo: null };
  const purger = createPurger(fleet, purgeUnexported ? null : purgedDirectory(dataDir));
  const end = async () => {
    const purge = await purger.end();
    if (purge.purged > 0) log.info({ ...purge, keepDead, keepDeadCount }, 'old dead letters purged');
    return purge;
  };
  try {
    await purgeBatches({ redis: fleet.redis, queue }, settings, purger, goOn);
  } catch (error) {
    await end();
    throw error;
  }
  return end();
}

async function purgeBatches(
  { redis, queue }: { redis: Redis; queue: RequestQueue },
  settings: RetentionSettings,
  purger: Purger,
  goOn: () => Promise<boolean> | boolean,
): Promise<void> {
  const failed = queue.toKey('failed');
  const { keepDead } = settings;
  // Letters that cannot be deleted (just replayed, or their job is gone) are skipped.
  let passed = 0;
  for (let batch = 0; batch < MOST_BATCHES && (await goOn()); batch++) {
    const excess = await excessOf(redis, failed, settings);
    const last = Math.min(excess, passed + BATCH) - 1;
    const tooMany = last < passed ? [] : await redis.zrange(failed, String(passed), String(last));
    const tooOld =
      keepDead === null
        ? []
        : await redis.zrangebyscore(failed, '-inf', Date.now() - keepDead, 'LIMIT', passed, BATCH);
    // Both lists begin with the oldest letter, so the longer one contains the other.
    const ids = tooMany.length > tooOld.length ? tooMany : tooOld;
    if (ids.length === 0) return;
    const jobs = await Promise.all(ids.map((jobId) => findJob(queue, jobId)));
    const purged = await purger.take(jobs.filter((job): job is RequestJob => job !== null));
    passed += ids.length - purged;
  }
}

async function excessOf(redis: Redis, failed: string, { keepDeadCount }: RetentionSettings): Promise<number> {
  return keepDeadCount === null ? 0 : (await redis.zcard(failed)) - keepDeadCount;
}
