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
import type { HeldSlot } from './slot/held-slot.ts';
import type { Permits } from './slot/permits.ts';
import type { HostTimes } from './telemetry/host-times.ts';
import type { Tallies } from './telemetry/tallies.ts';

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

/** When what happened to a job, noted by the steps on its way: for metrics, log, tail, traces and the times in its record. */
export interface JobTrace {
  /** How long it took to get its slot. */
  slotMs: number;
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

/**
 * One job on its way through the pipeline. The steps write nothing in it: what they find out they return. What changes on the way has owners:
 * the slot and the permit `slot`, what the job keeps in BullMQ `remember`, what is told of it afterwards `trace`.
 */
export interface ActiveJob {
  readonly jobId: string;
  readonly crawl: string;
  readonly id: string;
  readonly request: Request;
  readonly loadedCrawl: LoadedCrawl;
  /** The limiter key in whose lane the request stood. */
  readonly laneKey: string;
  /** Where the fetch begins: the request's URL, or a hop that it had reached before. */
  readonly url: string;
  /** How it starts: as it was handed out, if that still holds. */
  readonly start: JobStart;
  /** This attempt, counted from 1; being postponed uses up none. */
  readonly attempt: number;
  /** How often a consumer has died with it in its hands. */
  readonly stalls: number;
  readonly queueMs: number;
  /** Aborted when the job or its slot is no longer ours. */
  readonly abort: AbortController;
  readonly slot: HeldSlot;
  /** What the job keeps while it is postponed. */
  readonly memory: Readonly<JobMemory>;
  /** Changes that in BullMQ and here. */
  readonly remember: (change: Partial<JobMemory>) => Promise<void>;
  readonly trace: JobTrace;
}
