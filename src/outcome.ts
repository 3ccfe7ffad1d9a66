// How processing one job ended: a closed union, so that the compiler finds a missing case.
import type { Failure } from './errors.ts';

/**
 * Milliseconds of each phase of the last hop; null for a phase that did not take place (a reused socket has
 * no dns).
 */
export interface Timings {
  dns: number | null;
  connect: number | null;
  tls: number | null;
  firstByte: number | null;
  download: number | null;
  total: number | null;
}

/** The timings of a fetch that never began. */
export const NO_TIMINGS: Timings = Object.freeze({
  dns: null,
  connect: null,
  tls: null,
  firstByte: null,
  download: null,
  total: null,
});

/** An answer that redirected: where it came from, and its status. */
export interface Redirected {
  url: string;
  status: number;
}

/** Something that a page in a browser asked for and did not get. */
export interface RefusedResource {
  url: string;
  /** Why, as in docs/errors.md. */
  code: string;
}

/** What a browser did for one page. */
export interface Rendered {
  /** How long it took, in milliseconds. */
  ms: number;
  /** How many requests the page made besides its own, those from the cache included. */
  requests: number;
  /** How many of them were answered from the cache. */
  cached: number;
  /** How many were not wanted: images, fonts, media, trackers. */
  blocked: number;
  /** The bytes that came for them over the network, headers and TLS included. */
  bytes: number;
  /** The first of those that were refused. */
  refused: RefusedResource[];
  /** The URLs of the first of those whose answers had not come when the page was taken as it was. */
  late: string[];
  /** How many more of these two there were. */
  leftOut: number;
  /** Where the page wanted to go by itself; null if nowhere. */
  wentTo: string | null;
  /** The picture of the page, within the folder of its records; null for none. */
  screenshot: string | null;
}

/** A server's answer after all redirects, with its body decompressed and nothing interpreted. */
export interface Answer {
  /** The URL that gave this answer, after redirects, without its fragment. */
  finalUrl: string;
  status: number;
  /** Names in lower case; several values of one name joined by ", " (set-cookie and x-robots-tag by "\n"). */
  headers: Record<string, string>;
  /** The decompressed body. */
  body: Uint8Array;
  /** IP address of the server; null if it is not known. */
  address: string | null;
  /** The version of HTTP in which it came: "1.0", "1.1", "2"; null if nothing was fetched. */
  http: string | null;
  /** The proxy through which it came, without user and password; absent if there was none. */
  proxy?: string;
  /** Number of redirects followed. */
  redirects: number;
  /** The answers that were followed; absent if there were none. */
  redirected?: readonly Redirected[];
  /** The request was conditional, and this is a 304: the page is as it was (src/fetch/conditions.ts). */
  notModified?: true;
  /** A browser has made the page: `body` is its document as HTML. */
  rendered?: Rendered;
  timings: Timings;
}

/** The result of one fetch: an answer, or a failure with what was received before it. */
export type FetchResult =
  | { ok: true; answer: Answer }
  | ({
      ok: false;
      failure: Failure;
      timings: Timings;
      finalUrl: string;
      came?: Came;
      redirected?: readonly Redirected[];
    } & FailedByProxy);

/** The end of a fetch of which nothing was sent. */
export function unsent({ url }: { readonly url: string }, failure: Failure): FetchResult {
  return { ok: false, failure, timings: NO_TIMINGS, finalUrl: url };
}

/** What is known of the proxy of a fetch that failed. */
export interface FailedByProxy {
  /** Its name; absent if there was none. */
  proxy?: string;
  /** No proxy can be used now, and one may be there again after this time. */
  againMs?: number;
}

/** What is known of a server whose answer is missing or incomplete. */
export interface Came {
  /** IP address to which drover connected or tried to connect. */
  address: string | null;
  /** Status in the header, if that arrived before the failure. */
  status: number | null;
  /** The version of HTTP of that header. */
  http: string | null;
}

/**
 * When a host may be asked again by its own answer: after so many milliseconds, by Retry-After or by a quota.
 */
export interface NamedTime {
  afterMs: number;
  by: 'retry-after' | 'quota';
}

/**
 * The result of classify. `failure` of a recorded answer is set unless the answer is the page: a status 2xx,
 * and no stand-in.
 */
export type Verdict =
  | { kind: 'recorded'; answer: Answer; failure: Failure | null }
  | { kind: 'retry'; failure: Failure; answer: Answer | null }
  | { kind: 'postponed'; failure: Failure; answer: Answer }
  | { kind: 'dead'; failure: Failure; answer: Answer | null };

/** How processing one job ended. `src/queue/settle.ts` maps each to what BullMQ does. */
export type Outcome =
  | { kind: 'recorded' }
  | { kind: 'refused' }
  | { kind: 'done' } // the request had ended before; only the job must be completed
  | { kind: 'retry'; failure: Failure; delayMs: number }
  /** `waitsFor`: whoever has it takes the job before. */
  | { kind: 'postponed'; untilMs: number; waitsFor?: 'browser' }
  | { kind: 'dead'; failure: Failure }
  | { kind: 'lost'; failure: Failure } // another consumer has claimed the request: change nothing
  | { kind: 'stop' };
