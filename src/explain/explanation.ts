// The answer to "why was this URL fetched, or not?": its shape, and the facts that it is made from.

import type { LoadedCrawl } from '../crawl/loaded-crawl.ts';
import type { CrawlCounts } from '../crawl/progress.ts';
import type { Failure, ShownFailure } from '../errors.ts';
import type { FleetProxy } from '../fleet/fleet-proxies.ts';
import type { HostState } from '../frontier/hosts.ts';
import type { FrontierLook, LanePosition } from '../frontier/look.ts';
import type { Attempt } from '../queue/attempts.ts';
import type { DeadLetter } from '../queue/dead-letters.ts';
import type { PlacedRecord } from '../records/store.ts';
import type { Request } from '../request.ts';
import type { RobotsLook } from '../robots/look.ts';
import type { Waterfall } from './waterfall.ts';

export interface Step {
  step:
    | 'normalize'
    | 'seen'
    | 'scope'
    | 'guard'
    | 'proxy'
    | 'robots'
    | 'usage'
    | 'host'
    | 'place'
    | 'render'
    | 'attempts'
    | 'outcome'
    | 'record';
  /** True when this step lets the URL pass; null when it decides nothing, or its decision is not known. */
  ok: boolean | null;
  text: string;
  detail?: Record<string, unknown>;
}

/** Every decision about one URL. Secrets are redacted, and the record's body is left out (null). */
export interface Explanation {
  /** The URL as it was given; for a request whose URL is not known any more, its id. */
  url: string;
  normalized: string | null;
  fingerprint: string | null;
  host: string | null;
  /** Null when there is no crawl at all. */
  crawl: string | null;
  /** The answer in one sentence. */
  verdict: string;
  steps: Step[];
  /** Failed attempts, oldest first. */
  attempts: Attempt[];
  letter: DeadLetter | null;
  record: PlacedRecord | null;
  hostState: HostState | null;
  /** Where the time of its record went, beside the crawl's limits; null when there is nothing to show. */
  waterfall: Waterfall | null;
}

/** A text read as a URL under the settings of a crawl. */
export interface Forms {
  /** The URL's form as a seed. */
  seed: string;
  /** The URL's form as a link, from which session identifiers are removed. */
  link: string;
  /** The changes made by normalising, in words. */
  changes: string[];
}

/** The request and the crawl that are to be explained. */
export interface Subject {
  text: string;
  /** Null when there is no crawl. */
  crawl: string | null;
  /**
   * How the crawl was chosen: it was named, it is the newest that knows the URL, or it is the newest of all.
   */
  chosen: 'named' | 'knows' | 'newest' | 'none';
  loadedCrawl: LoadedCrawl;
  forms: Forms | null;
  /** Why the text is not a URL that can be fetched. */
  failure: Failure | null;
  url: string | null;
  id: string | null;
}

/** The one place where a request is (docs/ARCHITECTURE.md). */
export type RequestPlace =
  | { kind: 'lane'; lane: LanePosition | null; length: number }
  | {
      kind: 'queue';
      state: 'hand-over' | 'waiting' | 'active' | 'delayed' | 'browser';
      untilMs: number | null;
    }
  | { kind: 'dead' }
  | { kind: 'ended' }
  /**
   * It was accepted and has ended, but its record is not in this data directory. `places` are those where
   * other records of the crawl are.
   */
  | { kind: 'elsewhere'; places: string[] }
  /** Its crawl was cancelled, so it is not known any more whether the crawl had accepted it. */
  | { kind: 'dropped' }
  /**
   * In a fleet with several shards: it is a link that has not arrived on the shard of its host yet, or waits
   * there until home has said whether the limit of the crawl has room for it.
   */
  | { kind: 'between'; at: 'outbox' | 'limit' }
  | { kind: 'never' };

export interface Whereabouts {
  place: RequestPlace;
  look: FrontierLook;
  request: Request | null;
  attempts: Attempt[];
  letter: DeadLetter | null;
  placed: PlacedRecord | null;
}

export interface ScopeLook {
  /** Why a link to the URL would be left out; null if it would be followed. */
  asLink: ShownFailure | null;
  /** The page that is taken as the one with the link. */
  from: string;
  /** Why every request for this URL would be left out: a limit of the crawl. */
  limit: ShownFailure | null;
  /**
   * A fetched page that links to the URL, though the URL was never offered. `refusal` says why the link was
   * left out; `error` is that of the page.
   */
  linking: { url: string; depth: number; refusal: ShownFailure | null; error: ShownFailure | null } | null;
}

export interface GuardLook {
  /** The kind of special address that the URL contains; null for a public address, or for a name. */
  range: string | null;
  isAddress: boolean;
  /** A seed named this host and port. */
  isSeedHost: boolean;
  allowed: boolean;
}

export interface Facts {
  subject: Subject;
  counts: CrawlCounts | null;
  where: Whereabouts | null;
  scope: ScopeLook | null;
  guard: GuardLook | null;
  robots: RobotsLook | null;
  hostState: HostState | null;
  /** The proxies of the consumers. */
  proxies: readonly FleetProxy[];
  /** Number of consumers that are alive. */
  consumers: number;
  /** Consumers take no jobs (drover drain). */
  isDrained: boolean;
}
