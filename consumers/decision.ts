// What a step decides when a job does not go on to the next one: the request ends, or this turn of its job ends and nothing else.
import type { Failure } from '../src/errors.ts';
import type { Answer, FetchResult, Outcome } from '../src/outcome.ts';
import { triesWith } from './attempt-log.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';

/** The request ends so; it is still to be written down. `result` is the fetch of which it died, null where nothing was fetched. */
export type RequestEnd =
  | { kind: 'end'; as: 'recorded'; answer: Answer; failure: Failure | null }
  | { kind: 'end'; as: 'refused'; answer: null; failure: Failure }
  | { kind: 'end'; as: 'dead'; answer: Answer | null; failure: Failure; result: FetchResult | null };

/** An Outcome ends this turn of the job as it is: the request is tried or asked for again, had ended before, or is another consumer's. */
export type Decision = RequestEnd | Outcome;

/** Nothing sleeps longer than this in the queue before it asks again: what an operator changes is seen by then. */
const LONGEST_POSTPONED_MS = 30_000;

export function refuseRequest(failure: Failure): RequestEnd {
  return { kind: 'end', as: 'refused', answer: null, failure };
}

/** The job keeps this attempt too, for its dead letter. */
export async function die(
  job: ActiveJob,
  cause: { failure: Failure; answer: Answer | null; result: FetchResult | null },
): Promise<RequestEnd> {
  const { failure, answer, result } = cause;
  await job.remember({ tries: triesWith(job, cause) });
  return { kind: 'end', as: 'dead', answer, failure, result };
}

/** Tried again after its backoff, or dead if this was the last of its attempts. */
export async function retry(
  context: ConsumerContext,
  job: ActiveJob,
  cause: { failure: Failure; answer: Answer | null },
  result: FetchResult | null,
): Promise<Decision> {
  const { failure, answer } = cause;
  const attempts = job.request.extras?.attempts ?? job.loadedCrawl.settings.attempts;
  if (job.attempt >= attempts) return die(job, { failure, answer, result });
  // The redirects may lead elsewhere next time.
  await job.remember({ hop: null, tries: triesWith(job, { failure, answer, result }) });
  context.tallies.count(job.crawl, 'retries');
  return { kind: 'retry', failure, delayMs: retryDelayMs(job) };
}

/** Exponential from the crawl's (or the request's) first wait, at most its longest, with full jitter over the upper half. */
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
