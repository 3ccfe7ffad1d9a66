// Dead letters: the jobs in BullMQ's failed set, and what each says of itself.
import { entryOf, unpackFailure } from '../errors.ts';
import type { Request, RequestInput } from '../request.ts';
import { limiterKeyOf } from '../url/host.ts';
import { type Attempt, unpackAttempts } from './attempts.ts';
import { requestIn } from './job-data.ts';
import { memoryIn } from './job-memory.ts';
import type { RequestJob, RequestQueue } from './queue.ts';

export interface DeadLetter {
  /** CRAWL.FINGERPRINT. */
  jobId: string;
  crawl: string;
  id: string;
  url: string;
  /** Of the URL, with its port unless it is the scheme's own. */
  host: string;
  code: string;
  layer: string;
  message: string;
  /** Of them used up. */
  attempts: number;
  /** ISO 8601. */
  failedAt: string;
}

/** A dead letter with all that is known of it. Headers may hold secrets: whoever shows it redacts them. */
export interface DeadLetterDetail extends DeadLetter {
  request: RequestInput;
  depth: number;
  referrer: string | null;
  /** What to do about its code. */
  advice: string;
  /** The oldest first; at most 20. */
  tries: Attempt[];
}

const PAGE = 200;

/** The newest first, in pages, so that the length of the set does not matter. */
export async function* deadJobs(queue: RequestQueue, from = 0): AsyncGenerator<RequestJob[]> {
  for (let start = from; ; start += PAGE) {
    const jobs = await queue.getJobs(['failed'], start, start + PAGE - 1, false);
    yield jobs.filter((job) => job !== undefined && job !== null);
    if (jobs.length < PAGE) return;
  }
}

/** What a job in the failed set says of itself. */
export function letterOf(job: RequestJob): DeadLetter {
  const jobId = job.id ?? '';
  const dot = jobId.lastIndexOf('.');
  const { url } = requestIn(job.data);
  return {
    jobId,
    crawl: jobId.slice(0, dot),
    id: jobId.slice(dot + 1),
    url,
    host: limiterKeyOf(url),
    ...unpackFailure(job.failedReason ?? ''),
    attempts: job.attemptsMade,
    failedAt: new Date(job.finishedOn ?? job.timestamp).toISOString(),
  };
}

export function detailOf(job: RequestJob): DeadLetterDetail {
  const letter = letterOf(job);
  const { url, depth, referrer, extras }: Request = requestIn(job.data);
  return {
    ...letter,
    request: { url, ...(depth > 0 ? { depth } : {}), ...extras },
    depth,
    referrer,
    advice: adviceOn(letter.code),
    tries: unpackAttempts(memoryIn(job).tries, url),
  };
}

export function adviceOn(code: string): string {
  return entryOf(code)?.advice ?? 'Replay it; if it fails again, the log tells more.';
}

/**
 * Puts a failed job back to wait, with all its attempts before it. The count of its starts stays: it is more than one, and that makes it ask
 * the gate. Answers false when the job is not failed (any more).
 */
export async function retryFailed(job: RequestJob): Promise<boolean> {
  try {
    await job.updateProgress(0); // what its server told it in its former life
    await job.retry('failed', { resetAttemptsMade: true });
    return true;
  } catch (error) {
    if (await job.isFailed()) throw error;
    return false;
  }
}
