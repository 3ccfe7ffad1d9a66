// What processing a job needs around it: the parts of one consumer process, and one job on its way through them.

import type { LoadedCrawl, LoadedCrawls } from '../src/crawl/loaded-crawl.ts';
import type { Failure } from '../src/errors.ts';
import type { Fetcher } from '../src/fetch/client.ts';
import type { Meters } from '../src/fleet/meters.ts';
import type { Fleet } from '../src/fleet.ts';
import type { Committer, Ended } from '../src/frontier/commit.ts';
import type { Log } from '../src/log.ts';
import type { FetchResult, Outcome, Timings } from '../src/outcome.ts';
import type { CrawlDelays } from '../src/politeness/crawl-delays.ts';
import type { Backoff } from '../src/politeness/host-backoff.ts';
import type { Slots } from '../src/politeness/slot.ts';
import type { JobStart } from '../src/queue/job-data.ts';
import type { JobMemory } from '../src/queue/job-memory.ts';
import type { QueueTelemetry } from '../src/queue/queue.ts';
import type { RecordStore } from '../src/records/store.ts';
import type { Request } from '../src/request.ts';
import type { Robots } from '../src/robots/robots.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Permits } from './permits.ts';
import type { Tallies } from './tallies.ts';
import type { HostTimes } from './telemetry/host-times.ts';

export interface ConsumerContext {
  fleet: Fleet;
  fetcher: Fetcher;
  robots: Robots;
  slots: Slots;
  backoff: Backoff;
  crawlDelays: CrawlDelays;
  permits: Permits;
  dispatcher: Dispatcher;
  committer: Committer;
  store: RecordStore;
  loadedCrawls: LoadedCrawls;
  tallies: Tallies;
  hostTimes: HostTimes;
  meters: Meters;
  reports: Reports;
  log: Log;
  onTrouble: (error: unknown) => void;
  /** True from the first Ctrl-C or SIGTERM on: what has not begun to fetch is put back. */
  stopping: () => boolean;
}

export interface Reports {
  /** Each job once, when its outcome is known and what is durable of it is. */
  note(job: ActiveJob, outcome: Outcome): void;
  /** A job that was put back for a fault of ours. */
  trouble(jobId: string, error: unknown): void;
}

/** What is known of a job's way when it ends: for those who look on. */
export interface JobTrace {
  result: FetchResult | null;
  /** Why it is no success, where the outcome does not say it. */
  failure: Failure | null;
  /** What the commit answered. */
  ended: Ended | null;
  /** When this turn of the job began, when the answer had come, when the record was handed to the store; milliseconds since 1970. */
  beganAt: number;
  fetchedAt: number | null;
  storedAt: number | null;
  /** From there until it was durable. */
  storeMs: number | null;
}

/** How one turn of a job ended, all that is told of it. */
export interface JobReport {
  kind: Outcome['kind'];
  /** This very turn ended its request. */
  isEnd: boolean;
  failure: Failure | null;
  status: number | null;
  timings: Timings | null;
}

/** Where a consumer's traces go (--otel). */
export interface Traces {
  /** Of the queue's own work. */
  telemetry: QueueTelemetry;
  note(job: ActiveJob, report: JobReport): void;
  /** Sends what is left, within the grace. */
  stop(graceMs: number): Promise<void>;
}

/** One job on its way through the pipeline. */
export interface ActiveJob {
  jobId: string;
  crawl: string;
  id: string;
  request: Request;
  loadedCrawl: LoadedCrawl;
  /** The limiter key in whose lane the request stood. */
  laneKey: string;
  /** The limiter key whose slot is held or asked for: the request's own, after a redirect that of the target. */
  key: string;
  /** How often the request had been taken before; only the newest claim may change anything. */
  claim: number;
  /** Under which name its slot is held; null while none is. */
  holder: string | null;
  /** The key of the slot obeys a clock: each further start must be asked for. */
  timed: boolean;
  /** This attempt, counted from 1; being postponed uses up none. */
  attempt: number;
  /** How the job starts: with a slot (of that server too, '' for no ceiling), ahead of one, or by asking the gate. */
  start: JobStart;
  /** Where the fetch begins: the request's URL, or a hop that it had reached before. */
  url: string;
  /** What the job keeps while it is postponed. */
  memory: JobMemory;
  remember(change: Partial<JobMemory>): Promise<void>;
  /** A permit to fetch in this process is held. */
  hasPermit: boolean;
  queueMs: number;
  slotMs: number;
  abort: AbortController;
  trace: JobTrace;
}
