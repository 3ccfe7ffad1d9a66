// What a step decides when a job does not go on to the next step. Either the request ends, or only
// this turn of the job.
import type { Failure } from '../src/errors.ts';
import type { Answer, FetchResult, Outcome } from '../src/outcome.ts';
import { triesWith } from './attempt-log.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';

/**
 * How the request ends; it is not yet written down. `result` is the fetch that failed, or null when nothing
 * was fetched.
 */
export type RequestEnd =
  | { kind: 'end'; as: 'recorded'; answer: Answer; failure: Failure | null }
  | { kind: 'end'; as: 'refused'; answer: null; failure: Failure }
  | { kind: 'end'; as: 'dead'; answer: Answer | null; failure: Failure; result: FetchResult | null };

/**
 * An Outcome ends only this turn of the job: the request is tried again, asks again later, had ended before,
 * or belongs to another consumer.
 */
export type Decision = RequestEnd | Outcome;

/**
 * The longest time that a request stays in the queue before it asks again. After this time it notices what an
 * operator has changed.
 */
const LONGEST_POSTPONED_MS = 30_000;

export function refuseRequest(failure: Failure): RequestEnd {
  return { kind: 'end', as: 'refused', answer: null, failure };
}

/** Ends the request as dead. The job keeps this attempt too, for the dead letter. */
export async function die(
  job: ActiveJob,
  cause: { failure: Failure; answer: Answer | null; result: FetchResult | null },
): Promise<RequestEnd> {
  const { failure, answer, result } = cause;
  await job.remember({ tries: triesWith(job, cause) });
  return { kind: 'end', as: 'dead', answer, failure, result };
}

/**
 * The request is tried again after its backoff, or dies if this was its last attempt. It is not tried before
 * `notBeforeMs` (milliseconds since 1970).
 */
export async function retry(
  context: ConsumerContext,
  job: ActiveJob,
  cause: { failure: Failure; answer: Answer | null },
  result: FetchResult | null,
  notBeforeMs: number | null = null,
): Promise<Decision> {
  const { failure, answer } = cause;
  const attempts = job.request.extras?.attempts ?? job.loadedCrawl.settings.attempts;
  if (job.attempt >= attempts) return die(job, { failure, answer, result });
  // The redirects may lead elsewhere next time, so the hop is forgotten.
  await job.remember({ hop: null, tries: triesWith(job, { failure, answer, result }) });
  context.tallies.count(job.crawl, 'retries');
  return { kind: 'retry', failure, delayMs: Math.max(retryDelayMs(job), (notBeforeMs ?? 0) - Date.now()) };
}

/**
 * Exponential: it begins with the shortest wait of the crawl (or of the request) and ends with the longest.
 * The upper half of each wait is random.
 */
function retryDelayMs({ request, loadedCrawl, attempt }: ActiveJob): number {
  const own = request.extras?.backoff;
  const first = own?.delayMs ?? loadedCrawl.settings.backoff;
  const most = own?.maxMs ?? loadedCrawl.settings.maxBackoff;
  const full = Math.min(most, first * 2 ** Math.min(30, attempt - 1));
  return full * (0.5 + Math.random() / 2);
}

export function postponeFor(afterMs: number): { kind: 'postponed'; untilMs: number } {
  return { kind: 'postponed', untilMs: Date.now() + Math.min(afterMs, LONGEST_POSTPONED_MS) };
}
