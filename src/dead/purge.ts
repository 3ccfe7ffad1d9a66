// Purging dead letters deletes them for good; the counters of their crawls stay. Unless the user says
// otherwise, each letter is written to a file before it is deleted.
import type { Fleet } from '../fleet.ts';
import { LETTERS_A_CALL, purgeLetters } from '../frontier/replay.ts';
import { crawlAndId } from '../keys.ts';
import { letterOf } from '../queue/dead-letters.ts';
import type { RequestJob } from '../queue/queue.ts';
import { type GrowingFile, openGrowingFile } from '../records/write/growing-file.ts';
import { deadLine } from './export.ts';
import type { DeadFilter } from './filter.ts';
import { type DeadShard, matchingJobs } from './read.ts';

export interface Purge {
  purged: number;
  /** The file with the exported letters; null without an export. */
  exportedTo: string | null;
}

/**
 * Deletes these jobs from the failed set, except those that were replayed after they were read. Returns how
 * many were deleted.
 */
export async function purgeDead(fleet: Fleet, jobs: readonly RequestJob[]): Promise<number> {
  let purged = 0;
  for (let start = 0; start < jobs.length; start += LETTERS_A_CALL) {
    const letters = jobs.slice(start, start + LETTERS_A_CALL).flatMap((job) => {
      const { code, host, jobId } = letterOf(job);
      const diedAt = job.finishedOn;
      return diedAt === undefined ? [] : [{ ...crawlAndId(jobId), code, host, diedAt }];
    });
    if (letters.length > 0) purged += await purgeLetters(fleet, letters);
  }
  return purged;
}

/**
 * Exports and deletes letters in batches. After a crash between the two, some letters are exported twice, but
 * none is lost.
 */
export interface Purger {
  /**
   * Exports and deletes these letters of a shard; returns how many were deleted. When the export fails, it
   * deletes none and throws E_DISK_FULL or E_FILE.
   */
  take(shard: Fleet, jobs: readonly RequestJob[]): Promise<number>;
  end(): Promise<Purge>;
}

/** Makes a purger that exports to a file in `exportDir`, or does not export (null). */
export function createPurger(exportDir: string | null): Purger {
  const file: GrowingFile | null = exportDir === null ? null : openGrowingFile(exportDir, 'dead');
  let purged = 0;
  return {
    async take(shard, jobs) {
      await file?.append(jobs.map(deadLine));
      const count = await purgeDead(shard, jobs);
      purged += count;
      return count;
    },
    async end() {
      await file?.close();
      return { purged, exportedTo: file?.path() ?? null };
    },
  };
}

/**
 * Exports and deletes all letters of these shards that match, those of each newest first. Letters that are
 * replayed or fail meanwhile stay.
 */
export async function purgeMatching(
  shards: readonly DeadShard[],
  filter: DeadFilter,
  exportDir: string | null,
): Promise<Purge> {
  const purger = createPurger(exportDir);
  try {
    for (const shard of shards)
      for await (const page of matchingJobs(shard, filter)) {
        const jobs = page.map(({ job }) => job);
        await purger.take(shard.fleet, jobs);
      }
  } catch (error) {
    await purger.end();
    throw error;
  }
  return purger.end();
}
