// Retention of dead letters, by age and by count: the oldest are exported and purged, and the log says so.

import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import type { RequestJob, RequestQueue } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';
import { jobOf } from './groups.ts';
import { createPurger, type Purge, type Purger } from './purge.ts';

export type RetentionSettings = Pick<Settings, 'keepDead' | 'keepDeadCount' | 'purgeUnexported' | 'dataDir'>;

const BATCH = 200;
/** Of one round; the next goes on. */
const MOST_BATCHES = 500;

/** Below the data directory: where what is purged is exported to. */
export function purgedDirectory(dataDir: string): string {
  return join(dataDir, 'purged');
}

/**
 * One round: purges the letters that are too old or too many. `goOn` is asked before each batch. Costs nothing where nothing is set, and a
 * question or two where nothing is to be done. Throws E_DISK_FULL, E_FILE; then what could not be exported stays.
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
  // What cannot be purged (it was replayed at this moment, or its job is gone) is passed over.
  let passed = 0;
  for (let batch = 0; batch < MOST_BATCHES && (await goOn()); batch++) {
    const excess = await excessOf(redis, failed, settings);
    const last = Math.min(excess, passed + BATCH) - 1;
    const tooMany = last < passed ? [] : await redis.zrange(failed, String(passed), String(last));
    const tooOld =
      keepDead === null
        ? []
        : await redis.zrangebyscore(failed, '-inf', Date.now() - keepDead, 'LIMIT', passed, BATCH);
    // Both are the oldest: the longer holds the shorter.
    const ids = tooMany.length > tooOld.length ? tooMany : tooOld;
    if (ids.length === 0) return;
    const jobs = await Promise.all(ids.map((jobId) => jobOf(queue, jobId)));
    const purged = await purger.take(jobs.filter((job): job is RequestJob => job !== null));
    passed += ids.length - purged;
  }
}

async function excessOf(redis: Redis, failed: string, { keepDeadCount }: RetentionSettings): Promise<number> {
  return keepDeadCount === null ? 0 : (await redis.zcard(failed)) - keepDeadCount;
}
