// Purging dead letters: they are gone for good, and what their crawls counted stays. Unless told otherwise, each is on disk before it goes.
import type { Fleet } from '../fleet.ts';
import { LETTERS_A_CALL, purgeLetters } from '../frontier/replay.ts';
import { crawlAndId } from '../keys.ts';
import { letterOf } from '../queue/dead-letters.ts';
import type { RequestJob, RequestQueue } from '../queue/queue.ts';
import { type GrowingFile, openGrowingFile } from '../records/write/growing-file.ts';
import { deadLine } from './export.ts';
import type { DeadFilter } from './filter.ts';
import { matchingJobs } from './read.ts';

export interface Purge {
  purged: number;
  /** The file that holds them; null where nothing was exported. */
  exportedTo: string | null;
}

/** Purges these jobs of the failed set; those that were replayed since they were read stay. Answers how many went. */
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

/** Exports and purges, batch by batch: a crash between the two leaves letters that are exported twice, never one that is in neither place. */
export interface Purger {
  /** Answers how many went. Throws E_DISK_FULL, E_FILE; then none of them went. */
  take(jobs: readonly RequestJob[]): Promise<number>;
  end(): Promise<Purge>;
}

/** `exportDir` null: without an export. */
export function createPurger(fleet: Fleet, exportDir: string | null): Purger {
  const file: GrowingFile | null = exportDir === null ? null : openGrowingFile(exportDir, 'dead');
  let purged = 0;
  return {
    async take(jobs) {
      await file?.append(jobs.map(deadLine));
      const count = await purgeDead(fleet, jobs);
      purged += count;
      return count;
    },
    async end() {
      await file?.close();
      return { purged, exportedTo: file?.path() ?? null };
    },
  };
}

/** Purges all letters that match, those first that died last. Letters that are replayed, or die, meanwhile stay. */
export async function purgeMatching(
  fleet: Fleet,
  queue: RequestQueue,
  filter: DeadFilter,
  exportDir: string | null,
): Promise<Purge> {
  const purger = createPurger(fleet, exportDir);
  try {
    for await (const jobs of matchingJobs({ fleet, queue }, filter)) await purger.take(jobs);
  } catch (error) {
    await purger.end();
    throw error;
  }
  return purger.end();
}
