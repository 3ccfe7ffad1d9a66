// Retention of dead letters by age and count: the oldest are exported and deleted, and the log says so.

import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { Log } from '../log.ts';
import type { RequestJob } from '../queue/queue.ts';
import { findJob } from './groups.ts';
import { createPurger, type Purge, type Purger } from './purge.ts';
import type { DeadShard } from './read.ts';

export type RetentionSettings = Pick<Settings, 'keepDead' | 'keepDeadCount' | 'purgeUnexported' | 'dataDir'>;

const BATCH = 200;
/** Most batches in one round; the next round continues. */
const MOST_BATCHES = 500;

/** Folder for exports of purged letters. */
export function purgedDirectory(dataDir: string): string {
  return join(dataDir, 'purged');
}

/**
 * One round: deletes the letters that are too old or too many, over all of these shards. `goOn` is called
 * before each batch. Does nothing when no limit is set, and costs one or two queries of each shard when
 * nothing is due. Letters that could not be exported stay; then it throws E_DISK_FULL or E_FILE.
 */
export async function purgeOldDead(
  parts: { shards: readonly DeadShard[]; settings: RetentionSettings; log: Log },
  goOn: () => Promise<boolean> | boolean = () => true,
): Promise<Purge> {
  const { shards, settings, log } = parts;
  const { keepDead, keepDeadCount, purgeUnexported, dataDir } = settings;
  if (keepDead === null && keepDeadCount === null) return { purged: 0, exportedTo: null };
  const purger = createPurger(purgeUnexported ? null : purgedDirectory(dataDir));
  const end = async () => {
    const purge = await purger.end();
    if (purge.purged > 0) log.info({ ...purge, keepDead, keepDeadCount }, 'old dead letters purged');
    return purge;
  };
  try {
    await purgeBatches(shards, settings, purger, goOn);
  } catch (error) {
    await end();
    throw error;
  }
  return end();
}

/** A shard, and how many of its letters were passed over: just replayed, or their job is gone. */
interface Source extends DeadShard {
  passed: number;
}

interface Due {
  source: Source;
  jobId: string;
  at: number;
}

async function purgeBatches(
  shards: readonly DeadShard[],
  settings: RetentionSettings,
  purger: Purger,
  goOn: () => Promise<boolean> | boolean,
): Promise<void> {
  const sources = shards.map((shard) => ({ ...shard, passed: 0 }));
  for (let batch = 0; batch < MOST_BATCHES && (await goOn()); batch++) {
    const tooMany = await oldest(sources, await excessOf(sources, settings));
    const tooOld = settings.keepDead === null ? [] : await oldest(sources, BATCH, settings.keepDead);
    // Both lists begin with the oldest letter, so the longer one contains the other.
    const due = tooMany.length > tooOld.length ? tooMany : tooOld;
    if (due.length === 0) return;
    for (const [source, own] of Map.groupBy(due, (each) => each.source)) {
      const jobs = await Promise.all(own.map(({ jobId }) => findJob(source.queue, jobId)));
      const purged = await purger.take(
        source.fleet,
        jobs.filter((job): job is RequestJob => job !== null),
      );
      source.passed += own.length - purged;
    }
  }
}

/** How many letters there are too many, without those that were passed over. */
async function excessOf(sources: readonly Source[], { keepDeadCount }: RetentionSettings): Promise<number> {
  if (keepDeadCount === null) return 0;
  const counts = await Promise.all(
    sources.map(
      async ({ fleet, queue, passed }) => (await fleet.redis.zcard(queue.toKey('failed'))) - passed,
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0) - keepDeadCount;
}

/** The oldest letters of all shards, at most `most` and a batch; those that are older than `ageMs`. */
async function oldest(sources: readonly Source[], most: number, ageMs: number | null = null): Promise<Due[]> {
  const count = Math.min(most, BATCH);
  if (count <= 0) return [];
  const until = ageMs === null ? '+inf' : Date.now() - ageMs;
  const found = await Promise.all(
    sources.map(async (source) => {
      const { fleet, queue, passed } = source;
      const range = ['-inf', until, 'WITHSCORES', 'LIMIT', passed, count] as const;
      const flat = await fleet.redis.zrangebyscore(queue.toKey('failed'), ...range);
      return Array.from({ length: flat.length / 2 }, (_, index): Due => {
        const [jobId = '', at] = [flat[2 * index], Number(flat[2 * index + 1])];
        return { source, jobId, at };
      });
    }),
  );
  if (found.length === 1) return found[0] as Due[];
  return found
    .flat()
    .sort((a, b) => a.at - b.at)
    .slice(0, count);
}
