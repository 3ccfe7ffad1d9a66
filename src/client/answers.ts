// What the API is asked and answers, where no file below has a type for it.
import type { CrawlSettings } from '../config/settings.ts';
import type { CrawlView } from '../crawl/views.ts';
import type { DeadGroup } from '../dead/read.ts';
import type { ReplayOverrides, ReplayRun } from '../dead/replay-runs.ts';
import type { StatsSample } from '../fleet/history.ts';
import type { TailBatch } from '../fleet/live-tail.ts';
import type { HostState } from '../frontier/hosts.ts';

/** One crawl alone: with its settings, without the secrets in them. */
export interface CrawlInFull extends CrawlView {
  settings: Partial<CrawlSettings>;
}

/** A crawl to begin, in the words that other crawlers use; any other setting of a crawl by its name in docs/settings.md. */
export interface CrawlInput {
  /** An unfinished crawl of that name is gone on with; without it, a new one. */
  name?: string;
  url?: string;
  urls?: readonly string[];
  /** 0 for a plain list. */
  maxDepth?: number | null;
  /** Requests accepted at most. */
  limit?: number | null;
  includePaths?: readonly string[];
  excludePaths?: readonly string[];
  scope?: CrawlSettings['scope'];
  /** From start to start at one host. */
  delayMs?: number;
  /** Fetches in flight at one host. */
  concurrency?: number;
  headers?: Readonly<Record<string, string>>;
  webhook?: string | null;
  settings?: Readonly<Record<string, unknown>>;
}

export interface Refused {
  /** Its place among what was given, from 0 on. */
  index: number;
  /** Shortened. */
  url: string;
  code: string;
  message: string;
}

/** What became of enqueued requests. */
export interface Enqueued {
  /** The id of the crawl that they are of now. */
  crawl: string;
  accepted: number;
  duplicates: number;
  /** Not accepted because of the crawl's limits. */
  overLimit: number;
  rejectedCount: number;
  /** The first 1,000 of them. */
  rejected: Refused[];
}

export interface CrawlErrors {
  /** How often, by code. */
  errors: Record<string, number>;
  refusals: Record<string, number>;
  leftOut: Record<string, number>;
  groups: DeadGroup[];
}

/** Which dead letters: those for which all of it holds. */
export interface DeadQuery {
  code?: string;
  host?: string;
  /** The id of a crawl. */
  crawl?: string;
  /** Died since then. */
  since?: Date | string;
  /** At least so many. */
  attempts?: number;
  /** Stands in the URL or the message. */
  q?: string;
}

export interface ReplayInput {
  filter?: DeadQuery;
  /** To replay without a filter. */
  all?: boolean;
  /** So many of each group first; 0: none. */
  canary?: number;
  /** What share of the canary must be recorded for the rest to follow; 0 to 1. */
  rate?: number;
  /** Only say how many match. */
  dryRun?: boolean;
  overrides?: ReplayOverrides;
}

export interface ReplayAnswer {
  dryRun: boolean;
  matching: number;
  /** More that match: their crawls were cancelled, and they stay. */
  cancelled: number;
  runs: ReplayRun[];
}

export interface PurgeAnswer {
  purged: number;
  /** A file on the server. */
  exportedTo: string | null;
}

export interface SessionView {
  /** Whether the server asks for a token. */
  required: boolean;
  role: 'write' | 'read' | null;
}

/** What the server tells while one listens; `hello` first, and again after each time that the connection was lost. */
export type FleetEvent =
  | { event: 'hello'; data: { version: string; role: string } }
  | { event: 'crawls'; data: { crawls: CrawlView[] } }
  | { event: 'hosts'; data: { hosts: HostState[] } }
  | { event: 'dead'; data: { groups: DeadGroup[] } }
  | { event: 'replays'; data: { replays: ReplayRun[] } }
  | { event: 'sample'; data: StatsSample }
  | { event: 'tail'; data: TailBatch };
