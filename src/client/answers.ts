// Types of the client's arguments and answers, where no room below has a type for them.
import type { CrawlSettings } from '../config/settings.ts';
import type { CrawlView } from '../crawl/views.ts';
import type { DeadGroup } from '../dead/read.ts';
import type { ReplayOverrides, ReplayRun } from '../dead/replay-runs.ts';
import type { StatsSample } from '../fleet/history.ts';
import type { TailBatch } from '../fleet/live-tail.ts';
import type { HostState } from '../frontier/hosts.ts';

/** One crawl with its settings; secrets in them are redacted. */
export interface CrawlInFull extends CrawlView {
  settings: Partial<CrawlSettings>;
}

/**
 * A crawl to begin, with the field names of other crawlers' APIs. `settings` takes any other setting of a
 * crawl by its name in docs/settings.md.
 */
export interface CrawlInput {
  /** An unfinished crawl of that name goes on. Without a name, a new crawl begins. */
  name?: string;
  /** The next run of a crawl that has ended, by its name or the id of a run; without name, url and urls. */
  again?: string;
  url?: string;
  urls?: readonly string[];
  /** 0 fetches the seeds alone. */
  maxDepth?: number | null;
  /** Most requests that the crawl accepts. */
  limit?: number | null;
  includePaths?: readonly string[];
  excludePaths?: readonly string[];
  scope?: CrawlSettings['scope'];
  /** Least time from one start to the next at one host. */
  delayMs?: number;
  /** Most fetches in flight at one host. */
  concurrency?: number;
  headers?: Readonly<Record<string, string>>;
  webhook?: string | null;
  settings?: Readonly<Record<string, unknown>>;
}

/** A request that the server did not accept. */
export interface Refused {
  /** Its index among the given requests, counted from 0. */
  index: number;
  /** Shortened. */
  url: string;
  code: string;
  message: string;
}

/** The result of an enqueue call. */
export interface Enqueued {
  /** Id of the crawl that now has the requests. */
  crawl: string;
  accepted: number;
  duplicates: number;
  /** Requests that were not accepted because the crawl has reached a limit. */
  overLimit: number;
  /** URLs without a scheme, for which https was assumed, or http for an address and localhost. */
  assumed: number;
  rejectedCount: number;
  /** The first 1,000 rejected requests. */
  rejected: Refused[];
}

export interface CrawlErrors {
  /** Number of errors by code. */
  errors: Record<string, number>;
  refusals: Record<string, number>;
  leftOut: Record<string, number>;
  groups: DeadGroup[];
}

/** Which part of a crawl's items or records is enough. */
export interface PartialQuery {
  /** Give those of the server's data directory even when others are missing in it. */
  partial?: boolean;
}

export interface ItemQuery extends PartialQuery {
  /** Only the items of this handler. */
  handler?: string;
}

/** A filter of records. A record matches when all given fields match. */
export interface RecordQuery extends PartialQuery {
  /** A status (404), a class (4xx), `none` for requests without an answer, or several: 404,5xx. */
  status?: number | string;
  code?: string;
  /** Whether the status is 2xx, or 304 of an unchanged page. */
  ok?: boolean;
  /** The contrary of ok. */
  failed?: boolean;
  /** Such as example.com or example.com:8080. */
  host?: string;
  /** The label of the request. */
  label?: string;
  /** A media type (text/html), all of a kind (image/*), or several with commas between them. */
  type?: string;
  /** Text in the URL, before or after redirects; with `*`, `[` or `{` a pattern as of --include. */
  url?: string;
  /** Ended at or after this time, or within this duration: 2h. */
  since?: Date | string;
  /** Only these fields, with commas between them: `url,status,error.code`. */
  fields?: string;
}

/** What is wanted of the changes between two runs. */
export interface ChangesQuery {
  /** Id of the run to compare with; by default the one before. */
  from?: string;
  /** Only these kinds, with commas between them: `new,changed`. All are counted. */
  kind?: string;
  /** A page counts as changed only when its text does. */
  text?: boolean;
  /** False: texts are not compared line by line. */
  diff?: boolean;
  /** At most so many changes of each kind. */
  most?: number;
}

/** A filter of dead letters. A letter matches when all given fields match. */
export interface DeadQuery {
  code?: string;
  host?: string;
  /** Id of a crawl. */
  crawl?: string;
  /** Failed at or after this time. */
  since?: Date | string;
  /** Least number of attempts. */
  attempts?: number;
  /** Text that the URL or the message contains. */
  q?: string;
}

export interface ReplayInput {
  filter?: DeadQuery;
  /** True replays all dead letters, without a filter. */
  all?: boolean;
  /** Letters of each group to try first; 0 for none. */
  canary?: number;
  /** Share of the canary that must be recorded before the rest follows; 0 to 1. */
  rate?: number;
  /** True counts the matching letters and replays nothing. */
  dryRun?: boolean;
  overrides?: ReplayOverrides;
}

export interface ReplayAnswer {
  dryRun: boolean;
  matching: number;
  /** Further letters that match and stay, because their crawls were cancelled. */
  cancelled: number;
  runs: ReplayRun[];
}

export interface PurgeAnswer {
  purged: number;
  /** Path of a file on the server; null without an export. */
  exportedTo: string | null;
}

export interface SessionView {
  /** Whether the server asks for a token. */
  required: boolean;
  role: 'write' | 'read' | null;
}

/** An event of the server. `hello` comes first, and again after each reconnect. */
export type FleetEvent =
  | { event: 'hello'; data: { version: string; role: string } }
  | { event: 'crawls'; data: { crawls: CrawlView[] } }
  | { event: 'hosts'; data: { hosts: HostState[] } }
  | { event: 'dead'; data: { groups: DeadGroup[] } }
  | { event: 'replays'; data: { replays: ReplayRun[] } }
  | { event: 'sample'; data: StatsSample }
  | { event: 'tail'; data: TailBatch };
