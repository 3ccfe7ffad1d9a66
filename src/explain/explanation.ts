// The answer to "why was this URL fetched, or not?": its shape, and the facts that it is made from.

import type { LoadedCrawl } from '../crawl/loaded-crawl.ts';
import type { CrawlCounts } from '../crawl/progress.ts';
import type { Failure, ShownFailure } from '../errors.ts';
import type { HostState } from '../frontier/hosts.ts';
import type { FrontierLook, LanePosition } from '../frontier/look.ts';
import type { Attempt } from '../queue/attempts.ts';
import type { DeadLetter } from '../queue/dead-letters.ts';
import type { PlacedRecord } from '../records/read/find-record.ts';
import type { Request } from '../request.ts';
import type { RobotsLook } from '../robots/look.ts';

export interface Step {
  step:
    | 'normalize'
    | 'seen'
    | 'scope'
    | 'guard'
    | 'robots'
    | 'host'
    | 'place'
    | 'attempts'
    | 'outcome'
    | 'record';
  /** Whether it lets the URL pass; null where there is nothing to decide, or nobody can tell. */
  ok: boolean | null;
  text: string;
  detail?: Record<string, unknown>;
}

/** Every decision about one URL. Secrets are redacted, the record's body is left out (null). */
export interface Explanation {
  /** As it was asked; of a request whose URL is not known any more, its id. */
  url: string;
  normalized: string | null;
  fingerprint: string | null;
  host: string | null;
  /** Null: never offered anywhere, and there is no crawl to look at. */
  crawl: string | null;
  /** One sentence: the answer. */
  verdict: string;
  steps: Step[];
  /** The failed ones, the oldest first. */
  attempts: Attempt[];
  letter: DeadLetter | null;
  record: PlacedRecord | null;
  hostState: HostState | null;
}

/** A text read as a URL under the settings of a crawl. */
export interface Forms {
  /** Of a seed. */
  seed: string;
  /** Of a link, which loses its session identifiers. */
  link: string;
  /** What normalising changed, in words. */
  changes: string[];
}

/** Which request of which crawl is asked about. */
export interface Subject {
  text: string;
  /** Null when there is none. */
  crawl: string | null;
  /** How it came to be that crawl: it was named, it is the newest that knows the URL, or the newest of all. */
  chosen: 'named' | 'knows' | 'newest' | 'none';
  loadedCrawl: LoadedCrawl;
  forms: Forms | null;
  /** Why the text is no URL that can be asked. */
  failure: Failure | null;
  url: string | null;
  id: string | null;
}

/** The one place where a request is (docs/ARCHITECTURE.md). */
export type Place =
  | { kind: 'lane'; lane: LanePosition | null; length: number }
  | { kind: 'queue'; state: 'hand-over' | 'waiting' | 'active' | 'delayed'; untilMs: number | null }
  | { kind: 'dead' }
  | { kind: 'ended' }
  /** It was accepted and has ended, but its record is not in this data directory. */
  | { kind: 'elsewhere' }
  /** Its crawl was cancelled, and whether it had accepted it is not known any more. */
  | { kind: 'dropped' }
  | { kind: 'never' };

export interface Whereabouts {
  place: Place;
  look: FrontierLook;
  request: Request | null;
  attempts: Attempt[];
  letter: DeadLetter | null;
  placed: PlacedRecord | null;
}

export interface ScopeLook {
  /** What a link to it would be left out for; null if it would be followed. */
  asLink: ShownFailure | null;
  /** The page that the link would stand on. */
  from: string;
  /** What any request of this URL would be left out for: the limits of the crawl. */
  limit: ShownFailure | null;
  /** A page that was fetched and links to it, though it was never offered; `refusal`: why it was left out; `error`: of the page. */
  linking: { url: string; depth: number; refusal: ShownFailure | null; error: ShownFailure | null } | null;
}

export interface GuardLook {
  /** The kind of special address that the URL names literally; null for a public one, or for a name. */
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
  /** Consumers at work in the fleet. */
  consumers: number;
}
