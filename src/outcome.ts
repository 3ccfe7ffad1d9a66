// How processing one job ended: a closed union, so that the compiler finds a missing case.
import type { Failure } from './errors.ts';

/** Milliseconds of each phase of the last hop; null where the phase did not take place (a reused socket has no dns). */
export interface Timings {
  dns: number | null;
  connect: number | null;
  tls: number | null;
  firstByte: number | null;
  download: number | null;
  total: number | null;
}

/** Of what took no time, because it never began. */
export const NO_TIMINGS: Timings = Object.freeze({
  dns: null,
  connect: null,
  tls: null,
  firstByte: null,
  download: null,
  total: null,
});

/** An answer as it came: the last hop of the redirects, body decompressed, nothing interpreted. */
export interface Answer {
  /** The URL that gave this answer, after redirects; with its fragment removed. */
  finalUrl: string;
  status: number;
  /** Names in lower case; several values of one name joined by ", " (set-cookie by "\n"). */
  headers: Record<string, string>;
  /** Decompressed. */
  body: Uint8Array;
  /** The address that was connected to, null if it is not known. */
  address: string | null;
  /** Number of redirects followed. */
  redirects: number;
  timings: Timings;
}

/** What one fetch gives: an answer, or a failure with whatever came before it. */
export type FetchResult =
  | { ok: true; answer: Answer }
  | { ok: false; failure: Failure; timings: Timings; finalUrl: string; came?: Came };

/** What is known of a server that did not answer, or not to the end. */
export interface Came {
  /** That was connected to, or tried to be. */
  address: string | null;
  /** Of the header that came before it failed. */
  status: number | null;
}

/** When an answer says that its host may be asked again: in so many milliseconds, by Retry-After or by the end of a quota's window. */
export interface NamedTime {
  afterMs: number;
  by: 'retry-after' | 'quota';
}

/** What classify says of a fetch. `failure` of a recorded answer is set unless the status is 2xx. */
export type Verdict =
  | { kind: 'recorded'; answer: Answer; failure: Failure | null }
  | { kind: 'retry'; failure: Failure; answer: Answer | null }
  | { kind: 'postponed'; failure: Failure; answer: Answer; named: NamedTime | null }
  | { kind: 'dead'; failure: Failure; answer: Answer | null };

/** How processing one job ended. `src/queue/settle.ts` maps each to what BullMQ does. */
export type Outcome =
  | { kind: 'recorded' }
  | { kind: 'refused' }
  | { kind: 'done' } // it had ended before: nothing is left but to complete the job
  | { kind: 'retry'; failure: Failure; delayMs: number }
  | { kind: 'postponed'; untilMs: number }
  | { kind: 'dead'; failure: Failure }
  | { kind: 'lost'; failure: Failure } // another consumer has it: change nothing
  | { kind: 'stop' };
