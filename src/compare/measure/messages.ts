// What the process of a run, its lanes and the command say to each other.
import type { CrawlSettings } from '../../config/settings.ts';
import type { FetchingSettings } from '../../crawl/fetcher-options.ts';
import type { Failure } from '../../errors.ts';
import type { ProxySettings } from '../../fetch/proxy/settings.ts';
import type { RequestInput } from '../../request.ts';
import type { RunFigures, Way } from '../ways.ts';

/** A page of the sample, as lanes need it. */
export interface LanePage {
  readonly request: RequestInput;
  /** Where the replica has it, and what the handler is told of its answer; null without a replica. */
  readonly replica: {
    readonly url: string;
    readonly finalUrl: string;
    readonly headers: Record<string, string>;
  } | null;
}

/** What each lane needs. All of it can be sent to a thread. */
export interface LaneSetUp {
  readonly handlerFiles: readonly string[];
  readonly settings: CrawlSettings;
  /** How the lanes connect, and where their identity is. */
  readonly fetching: FetchingSettings;
  /** Which proxies to use; of no account against a replica. */
  readonly proxies: ProxySettings;
  /** The file of credentials; null against a replica. */
  readonly credentials: string | null;
  /** host:port of seeds that the operator named. */
  readonly seedHosts: readonly string[];
  readonly pages: readonly LanePage[];
  /** The replica's own host:port; null without. */
  readonly replicaHost: string | null;
  /** A handler has at most this time for a page. */
  readonly pageLimitMs: number;
}

/** How long a run takes. The window ends after `windowMs` with enough pages. */
export interface RunOrder {
  readonly way: Way;
  readonly warmUpMs: number;
  /** So many pages belong to the warm-up, unless their number is limited. */
  readonly warmPages: number;
  readonly windowMs: number;
  /** Warm-up and window end after this time in any case. */
  readonly mostMs: number;
  /** Pages that have begun in the window may end so much later. */
  readonly settleMs: number;
  /** Processes and threads have this time to start. */
  readonly startMs: number;
  /** Pages to fetch at most; null for any number. */
  readonly mostPages: number | null;
}

/** What a lane asks the command, because only it knows what the hosts allow. */
export type Question =
  | { readonly kind: 'next' }
  | { readonly kind: 'hop'; readonly page: number; readonly url: string }
  | { readonly kind: 'fetched'; readonly page: number; readonly pauseMs: number };

/** next: the index of a page, null for the end. hop: why it may not be fetched, null if it may. */
export type Reply = number | Failure | null;

export type ToRunner =
  | { readonly kind: 'set up'; readonly setUp: LaneSetUp; readonly isPolite: boolean }
  | { readonly kind: 'start'; readonly way: Way }
  | { readonly kind: 'run'; readonly order: RunOrder }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: Reply };

export type FromRunner =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }
  | { readonly kind: 'ended'; readonly figures: RunFigures }
  | { readonly kind: 'question'; readonly id: number; readonly question: Question };

/** A page that ended in a lane. Times of the clock of the whole machine, in milliseconds since 1970. */
export interface LanePageEnd {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly fetchMs: number;
  readonly handlerMs: number;
  /** Null when all went well. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** CPU of fetch and handler, and how long the handler held its thread; null when others ran meanwhile. */
  readonly cost: {
    readonly fetchCpuMs: number;
    readonly handlerCpuMs: number;
    readonly blockedMs: number;
  } | null;
}

export type ToLane =
  | { readonly kind: 'start'; readonly first: number; readonly step: number; readonly concurrency: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'reset delay' }
  | { readonly kind: 'tell delay' }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: Reply };

export type FromLane =
  | { readonly kind: 'ready'; readonly thread: string | null }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }
  | { readonly kind: 'page'; readonly end: LanePageEnd }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'delay'; readonly p99Ms: number }
  | { readonly kind: 'question'; readonly id: number; readonly question: Question };
