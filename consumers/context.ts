// What the processing of a job needs: the parts of one consumer process, and one job on its way through them.

import type { CookieJars } from '../src/cookies/cookie-jars.ts';
import type { ThreadFetcherOptions } from '../src/crawl/fetcher-options.ts';
import type { LoadedCrawl, LoadedCrawls } from '../src/crawl/loaded-crawl.ts';
import type { Failure } from '../src/errors.ts';
import type { Fetcher } from '../src/fetch/client.ts';
import type { OriginCredentials } from '../src/fetch/credentials/credentials.ts';
import type { Proxies } from '../src/fetch/proxy/proxies.ts';
import type { Meters } from '../src/fleet/meters.ts';
import type { TroubleLog } from '../src/fleet/trouble-log.ts';
import type { Fleet } from '../src/fleet.ts';
import type { Committer, Ended } from '../src/frontier/commit.ts';
import type { HandlerChoice } from '../src/handlers/choose.ts';
import type { HandlerWatch } from '../src/handlers/watch.ts';
import type { Log } from '../src/log.ts';
import type { FetchResult, Outcome, Timings } from '../src/outcome.ts';
import type { CrawlDelays } from '../src/politeness/crawl-delays.ts';
import type { Backoff } from '../src/politeness/host-backoff.ts';
import type { Slots } from '../src/politeness/slot.ts';
import type { JobStart } from '../src/queue/job-data.ts';
import type { JobMemory } from '../src/queue/job-memory.ts';
import type { QueueTelemetry } from '../src/queue/queue.ts';
import type { RecordWriters } from '../src/records/stores.ts';
import type { Request } from '../src/request.ts';
import type { Robots } from '../src/robots/robots.ts';
import type { RobotsRules } from '../src/robots/rules.ts';
import type { WarcWriters } from '../src/warc/writers.ts';
import type { FormerPage } from './again/former-page.ts';
import type { FormerPages } from './again/former-pages.ts';
import type { AlikePages } from './follow/alike-pages.ts';
import type { KnownLinks } from './follow/known-links.ts';
import type { HandlerThreads } from './handlers/handler-threads.ts';
import type { Renders } from './render/renders.ts';
import type { JobSession } from './session/job-session.ts';
import type { Dispatcher } from './shards/dispatcher.ts';
import type { HeldSlot } from './slot/held-slot.ts';
import type { PageRoom } from './slot/page-room.ts';
import type { Permits } from './slot/permits.ts';
import type { WaitingRoom } from './slot/waiting-room.ts';
import type { PageArchive } from './store/page-archive.ts';
import type { Suspicion } from './suspicion.ts';
import type { HostTimes } from './telemetry/host-times.ts';
import type { Tallies } from './telemetry/tallies.ts';

/** What the jobs of one shard need. All but what belongs to the shard is that of the whole process. */
export interface ConsumerContext {
  /** The shard. */
  fleet: Fleet;
  home: Fleet;
  fetcher: Fetcher;
  /** Those that `fetcher` goes through; null if there are none. */
  proxies: Proxies | null;
  /** Those of `fetcher`; null if there are none. */
  credentials: OriginCredentials | null;
  /** Those of `fetcher`: threads of handlers make their own alike. */
  fetcherOptions: ThreadFetcherOptions;
  robots: Robots;
  slots: Slots;
  backoff: Backoff;
  crawlDelays: CrawlDelays;
  cookieJars: CookieJars;
  permits: Permits;
  dispatcher: Dispatcher;
  committer: Committer;
  stores: RecordWriters;
  archives: WarcWriters;
  loadedCrawls: LoadedCrawls;
  /** The records of former runs. */
  formerPages: FormerPages;
  /** The user's handlers; null if there are none. */
  handlers: HandlerChoice | null;
  pageRoom: PageRoom;
  waitingRoom: WaitingRoom;
  handlerWatch: HandlerWatch | null;
  /** Null if no handler is blocking. */
  handlerThreads: HandlerThreads | null;
  renders: Renders;
  tallies: Tallies;
  hostTimes: HostTimes;
  alikePages: AlikePages;
  knownLinks: KnownLinks;
  meters: Meters;
  reports: Reports;
  log: Log;
  troubles: TroubleLog;
  onTrouble: (error: unknown) => void;
  /** True from the first Ctrl-C or SIGTERM on. Jobs that have not begun to fetch then return to the queue. */
  stopping: () => boolean;
}

export interface Reports {
  /** Called once for each turn of a job, when its outcome is known and durable. */
  note(job: ActiveJob, outcome: Outcome): void;
  /** Called for a job that was postponed because of a fault on our side. */
  trouble(jobId: string, error: unknown): void;
}

/** What the steps note about a turn of a job, for metrics, log, tail, traces and the times in the record. */
export interface JobTrace {
  /** How long the job waited for its slot, in milliseconds. */
  slotMs: number;
  result: FetchResult | null;
  /** The rules of robots.txt under which the last hop was fetched; null when none were asked. */
  rules: RobotsRules | null;
  /** Why the turn was no success, where the outcome does not say it. */
  failure: Failure | null;
  /** The page is as the former run has recorded it. */
  isUnchanged: boolean;
  /** What the commit returned. */
  ended: Ended | null;
  /**
   * When this turn of the job began, when the answer was complete, and when the record was handed to the
   * store; in milliseconds since 1970.
   */
  beganAt: number;
  fetchedAt: number | null;
  storedAt: number | null;
  /** How long the store took to make the record durable, in milliseconds. */
  storeMs: number | null;
}

/** All that is reported about the end of one turn of a job. */
export interface JobReport {
  kind: Outcome['kind'];
  /** Whether this turn ended the request. */
  isEnd: boolean;
  failure: Failure | null;
  status: number | null;
  timings: Timings | null;
}

/** Where a consumer sends its traces (--otel). */
export interface Traces {
  /** Makes the spans of the queue's own work. */
  telemetry: QueueTelemetry;
  note(job: ActiveJob, report: JobReport): void;
  /** Sends what is left, within the grace period. */
  stop(graceMs: number): Promise<void>;
}

/** One fetch: that of a job, or one that the handler of its page makes. */
export interface ActiveFetch {
  /** The request of the job. */
  readonly request: Request;
  readonly loadedCrawl: LoadedCrawl;
  /** The number of this attempt of the job, from 1. A postponed turn does not count. */
  readonly attempt: number;
  /** Aborted when the fetch must end: its job or its slot no longer belongs to this process. */
  readonly abort: AbortController;
  readonly slot: HeldSlot;
  readonly trace: Pick<JobTrace, 'rules'>;
  /** Who the fetch is towards the site. */
  readonly session: JobSession;
  /** Takes what goes over the wire; null if the crawl has no archive. */
  readonly archive: PageArchive | null;
}

/**
 * One job on its way through the pipeline. The steps return what they find out and write nothing here. What
 * changes has an owner: `slot` for the slot and the permit, `remember` for what the job keeps in BullMQ,
 * `trace` for what is reported afterwards.
 */
export interface ActiveJob extends ActiveFetch {
  readonly jobId: string;
  readonly crawl: string;
  readonly id: string;
  /** The limiter key in whose lane the request waited. */
  readonly laneKey: string;
  /** The URL where the fetch begins: that of the request, or a hop that was reached before. */
  readonly url: string;
  /** How the job starts: as it was handed out, if that still holds. */
  readonly start: JobStart;
  /** How often a consumer has died with this job in hand. */
  readonly stalls: number;
  /** Whether the request itself may be why. */
  readonly suspicion: Suspicion;
  readonly queueMs: number;
  /** What the former run knows of the page, in a crawl that was begun again; null if that is nothing. */
  readonly former: FormerPage | null;
  /** What the job keeps while it is postponed. */
  readonly memory: Readonly<JobMemory>;
  /** Changes `memory` in BullMQ and here. */
  readonly remember: (change: Partial<JobMemory>) => Promise<void>;
  readonly trace: JobTrace;
}
