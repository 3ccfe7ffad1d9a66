// What a handler fetches besides its page: what it may ask for, and what comes of it.
import type { Failure } from '../../errors.ts';
import type { Answer } from '../../outcome.ts';
import { type RequestInput, requestSchema } from '../../request.ts';

/** What a handler may say about a fetch. A field that is not named is as in the crawl; `method` is GET. */
export type FetchInit = Pick<RequestInput, 'method' | 'headers' | 'body' | 'timeouts'>;

export const initSchema = requestSchema.pick({ method: true, headers: true, body: true, timeouts: true });

/** A checked fetch. Its URL is normalised. */
export interface WantedFetch extends FetchInit {
  readonly url: string;
}

/** The part of an answer that a handler sees. */
export type SeenAnswer = Pick<Answer, 'finalUrl' | 'status' | 'headers' | 'body'>;

/** Why a fetch failed. Before `afterMs` milliseconds from now, another one would be told the same. */
export interface FetchRefusal {
  readonly kind: 'failed';
  readonly failure: Failure;
  readonly afterMs: number;
}

export type FetchOutcome = { readonly kind: 'answer'; readonly answer: SeenAnswer } | FetchRefusal;

export interface FetchLimits {
  /** Aborted when the page has ended, or its time is over. */
  readonly signal: AbortSignal;
  /** When the time of the page is over, by performance.now(). */
  readonly deadlineAt: number;
}

/** Makes a fetch for a page. Rejects only when the signal is aborted, or for a fault on drover's side. */
export type FetchForPage = (wanted: WantedFetch, limits: FetchLimits) => Promise<FetchOutcome>;

export function failedFetch(failure: Failure, afterMs = 0): FetchRefusal {
  return { kind: 'failed', failure, afterMs };
}
