// Purging dead letters: they are gone for good, and what their crawls counted stays.
import { crawlAndId } from '../frontier/keys.ts';
import { LETTERS_A_CALL, purgeLetters } from '../frontier/replay.ts';
import { letterOf } from '../queue/dead-letters.ts';
import type { RequestQueue } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';
import { jobOf } from './dead-index.ts';

/** Purges these, each atomically; answers how many there were. Ids of what is no dead letter (any more) are passed over. */
export async function purgeDead(
  redis: Redis,
  shard: string,
  queue: RequestQueue,
  jobIds: readonly string[],
): Promise<number> {
  let purged = 0;
  for (let start = 0; start < jobIds.length; start += LETTERS_A_CALL) {
    const jobs = await Promise.all(
      jobIds.slice(start, start + LETTERS_A_CALL).map((jobId) => jobOf(queue, jobId)),
    );
    const letters = jobs.flatMap((job) => {
      if (!job) return [];
      const { code, host, jobId } = letterOf(job);
      return [{ ...crawlAndId(jobId), code, host }];
    });
    if (letters.length > 0) purged += await purgeLetters(redis, shard, letters);
  }
  return purged;
}
