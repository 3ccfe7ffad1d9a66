// Dead letters: the jobs in BullMQ's failed set, read page by page.
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

/** The newest first; of one crawl when given. Reads the set in pages, so its length does not matter. */
export async function* deadLetters(queue: RequestQueue, crawl: string | null): AsyncGenerator<DeadLetter> {
  for (let start = 0; ; start += PAGE) {
    const jobs = await queue.getJobs(['failed'], start, start + PAGE - 1, false);
    for (const job of jobs) {
      const letter = job ? letterOf(job) : null;
      if (letter && (crawl === null || letter.crawl === crawl)) yield letter;
    }
    if (jobs.length < PAGE) return;
  }
}

function letterOf(job: RequestJob): DeadLetter {
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
