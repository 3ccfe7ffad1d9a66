// A filter of dead letters. A letter matches when all given fields match.
import { crawlAndId } from '../keys.ts';
import type { DeadLetter } from '../queue/dead-letters.ts';

export interface DeadFilter {
  /** Id of a crawl. */
  crawl: string | null;
  code: string | null;
  /** A limiter key: `example.com`, `example.com:8080`. */
  host: string | null;
  /** Failed at or after this time; milliseconds since 1970. */
  since: number | null;
  /** Least number of attempts. */
  attempts: number | null;
  /** Text that the URL or the message contains, in upper or lower case. */
  q: string | null;
  /** Id of one letter's job, CRAWL.FINGERPRINT. */
  jobId?: string | null;
}

export const ALL_DEAD: DeadFilter = Object.freeze({
  crawl: null,
  code: null,
  host: null,
  since: null,
  attempts: null,
  q: null,
});

export function matchesLetter(letter: DeadLetter, filter: DeadFilter): boolean {
  const { crawl, code, host, since, attempts, q, jobId = null } = filter;
  return (
    (jobId === null || letter.jobId === jobId) &&
    (crawl === null || letter.crawl === crawl) &&
    (code === null || letter.code === code) &&
    (host === null || letter.host === host) &&
    (since === null || Date.parse(letter.failedAt) >= since) &&
    (attempts === null || letter.attempts >= attempts) &&
    (q === null || `${letter.url}\n${letter.message}`.toLowerCase().includes(q.toLowerCase()))
  );
}

/** Whether a letter with this job id can match, judged by the id alone. */
export function matchesId(jobId: string, filter: DeadFilter): boolean {
  return (
    (filter.jobId ?? jobId) === jobId && (filter.crawl === null || crawlAndId(jobId).crawl === filter.crawl)
  );
}

/**
 * Whether the job's id and the index are enough to decide the filter. Otherwise the job itself must be read.
 */
export function isPlain({ attempts, q }: DeadFilter): boolean {
  return attempts === null && q === null;
}
