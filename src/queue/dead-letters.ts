// Dead letters: the jobs in BullMQ's failed set, read page by page, and put back.
import { unpackRequest } from '../request.ts';
import type { RequestJob, RequestQueue } from './queue.ts';

export interface DeadLetter {
  crawl: string;
  id: string;
  url: string;
  code: string;
  message: string;
  attempts: number;
  /** ISO 8601. */
  failedAt: string;
}

const PAGE = 200;

/** The newest first, in pages, so that the length of the set does not matter. */
export async function* deadJobs(queue: RequestQueue): AsyncGenerator<RequestJob[]> {
  for (let start = 0; ; start += PAGE) {
    const jobs = await queue.getJobs(['failed'], start, start + PAGE - 1, false);
    yield jobs.filter((job) => job !== undefined && job !== null);
    if (jobs.length < PAGE) return;
  }
}

/** What a job in the failed set says of itself. */
export function letterOf(job: RequestJob): DeadLetter {
  const jobId = job.id ?? '';
  const dot = jobId.lastIndexOf('.');
  const [, code = '', message = ''] = /^(\S+) ?(.*)$/s.exec(job.failedReason ?? '') ?? [];
  return {
    crawl: jobId.slice(0, dot),
    id: jobId.slice(dot + 1),
    url: unpackRequest(job.data).url,
    code,
    message,
    attempts: job.attemptsMade,
    failedAt: new Date(job.finishedOn ?? job.timestamp).toISOString(),
  };
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
