// Replay: dead letters become waiting requests again.
import { crawlAndId } from '../frontier/keys.ts';
import { openAgain } from '../frontier/replay.ts';
import { type DeadLetter, deadJobs, letterOf, retryFailed } from '../queue/dead-letters.ts';
import type { RequestJob, RequestQueue } from '../queue/queue.ts';
import type { Redis } from '../redis.ts';

/** Which dead letters: all that match whatever is given. */
export interface DeadFilter {
  crawl: string | null;
  code: string | null;
}

/** The dead letters that match, the newest first. */
export async function* deadLetters(queue: RequestQueue, filter: DeadFilter): AsyncGenerator<DeadLetter> {
  for await (const jobs of deadJobs(queue)) {
    for (const job of jobs) if (matches(job, filter)) yield letterOf(job);
  }
}

/**
 * Replays all that match; answers how many. Each is opened again before its job is retried: a crash in between is mended by the next
 * consumer. Consumers fetch them under the limits of their hosts; the new record takes the place of the failed one.
 */
export async function replayDead(
  redis: Redis,
  shard: string,
  queue: RequestQueue,
  filter: DeadFilter,
): Promise<number> {
  const chosen: RequestJob[] = [];
  for await (const jobs of deadJobs(queue)) chosen.push(...jobs.filter((job) => matches(job, filter)));
  let replayed = 0;
  for (let start = 0; start < chosen.length; start += 200) {
    replayed += await replayJobs(redis, shard, chosen.slice(start, start + 200));
  }
  return replayed;
}

/** Those of these failed jobs that were dead are open, and wait in the queue, when this resolves. */
async function replayJobs(redis: Redis, shard: string, jobs: RequestJob[]): Promise<number> {
  const requests = jobs.map((job) => ({ ...crawlAndId(job.id ?? ''), packed: job.data }));
  const opened = await openAgain(redis, shard, requests);
  const retried = await Promise.all(jobs.filter((_, index) => opened[index]).map(retryFailed));
  return retried.length;
}

function matches(job: RequestJob, { crawl, code }: DeadFilter): boolean {
  const letter = letterOf(job);
  return (crawl === null || letter.crawl === crawl) && (code === null || letter.code === code);
}
