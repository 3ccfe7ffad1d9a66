// Which dead letters are meant: all that match whatever is given.
import { crawlAndId } from '../keys.ts';
import type { DeadLetter } from '../queue/dead-letters.ts';

export interface DeadFilter {
  /** A crawl's id. */
  crawl: string | null;
  code: string | null;
  /** As limiter keys are spelled: `example.com`, `example.com:8080`. */
  host: string | null;
  /** Died since then; milliseconds since 1970. */
  since: number | null;
  /** At least so many. */
  attempts: number | null;
  /** Stands in the URL or the message, in whatever case. */
  q: string | null;
  /** One letter alone: its job's id, CRAWL.FINGERPRINT. */
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

/** Whether a letter with this id may match, as far as the id tells. */
export function matchesId(jobId: string, filter: DeadFilter): boolean {
  return (
    (filter.jobId ?? jobId) === jobId && (filter.crawl === null || crawlAndId(jobId).crawl === filter.crawl)
  );
}

/** Whether the job's id and the index tell all that the filter asks; else the job itself must be read. */
export function isPlain({ attempts, q }: DeadFilter): boolean {
  return attempts === null && q === null;
}
