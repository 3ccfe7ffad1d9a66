// Dead letters: the jobs in BullMQ's failed set, and what each tells about itself.
import { entryOf, unpackFailure } from '../errors.ts';
import type { Request, RequestInput } from '../request.ts';
import { limiterKeyOf } from '../url/host.ts';
import { type Attempt, unpackAttempts } from './attempts.ts';
import { requestIfOwn } from './job-data.ts';
import { memoryIn } from './job-memory.ts';
import type { RequestJob, RequestQueue } from './queue.ts';

export interface DeadLetter {
  /** CRAWL.FINGERPRINT. */
  jobId: string;
  crawl: string;
  id: string;
  /** Empty for a job that something else than drover has put into the queue. */
  url: string;
  /** The host of the URL, with its port unless that is the default of the scheme. */
  host: string;
  code: string;
  layer: string;
  message: string;
  /** How many attempts were used up. */
  attempts: number;
  /** ISO 8601. */
  failedAt: string;
}

/**
 * A dead letter with all that is known about it. Headers may hold secrets: whoever shows them must redact
 * them.
 */
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
const NO_REQUEST: Request = { url: '', depth: 0, referrer: null, extras: null };

/** Reads the newest first, page by page, so that the length of the set does not matter. */
export async function* deadJobs(queue: RequestQueue, from = 0): AsyncGenerator<RequestJob[]> {
  for (let start = from; ; start += PAGE) {
    const jobs = await queue.getJobs(['failed'], start, start + PAGE - 1, false);
    yield jobs.filter((job) => job !== undefined && job !== null);
    if (jobs.length < PAGE) return;
  }
}

/** What a job in the failed set tells about itself. */
export function letterOf(job: RequestJob): DeadLetter {
  const jobId = job.id ?? '';
  const dot = jobId.lastIndexOf('.');
  const url = requestIfOwn(job)?.url ?? '';
  return {
    jobId,
    crawl: jobId.slice(0, Math.max(0, dot)),
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
  const { url, depth, referrer, extras } = requestIfOwn(job) ?? NO_REQUEST;
  const { assumed: _, checkOnly: __, keyed: ___, ...given } = extras ?? {}; // its URL has the scheme
  return {
    ...letter,
    request: { url, ...(depth > 0 ? { depth } : {}), ...given },
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
 * Puts a failed job back to wait, with its former attempts. The count of its starts stays above one, and that
 * makes it ask the gate. Returns false when the job is not failed (any more).
 */
export async function retryFailed(job: RequestJob): Promise<boolean> {
  try {
    await job.updateProgress(0); // what the server said about its former attempts no longer counts
    await job.retry('failed', { resetAttemptsMade: true });
    return true;
  } catch (error) {
    if (await job.isFailed()) throw error;
    return false;
  }
}
