// The queue "requests" in BullMQ. Only this file imports bullmq; webhook-queue.ts and schedule-queue.ts take
// what they need from here. One job is one request; job-data.ts says what its data holds.
import {
  type AdvancedRepeatOptions,
  DelayedError,
  Job,
  Queue,
  type Telemetry,
  UnrecoverableError,
  WaitingError,
  Worker,
} from 'bullmq';
import type { Fleet } from '../fleet.ts';
import { redisFailure } from '../redis/failures.ts';
import type { Redis } from '../redis.ts';
import { type FormerJobData, type JobData, type JobStart, packJobData } from './job-data.ts';

export const QUEUE = 'requests';
/** All jobs have this name; what differs stands in their data. */
const JOB_NAME = 'request';

export type RequestJob = Job<JobData | FormerJobData, void, string>;
export type RequestQueue = Queue<JobData | FormerJobData, void, string>;
export type RequestWorker = Worker<JobData | FormerJobData, void, string>;
/** Makes the spans of BullMQ's own work (consumers/telemetry/traces.ts). */
export type QueueTelemetry = Telemetry;
export {
  type AdvancedRepeatOptions,
  DelayedError,
  type Job,
  Queue,
  UnrecoverableError,
  WaitingError,
  Worker,
};

/** How often the fleet looks for jobs whose consumer has died. */
export const STALLED_INTERVAL_MS = 2000;

export function openQueue(
  fleet: Fleet,
  onError: (error: Error) => void = () => undefined,
  telemetry?: QueueTelemetry,
): RequestQueue {
  const queue: RequestQueue = new Queue(QUEUE, {
    connection: fleet.redis,
    prefix: fleet.namespace,
    // Only a person who watches reads the stream of events, so a short one is enough.
    streams: { events: { maxLen: 100 } },
    ...(telemetry ? { telemetry } : {}),
  });
  queue.on('error', onError); // without a listener, BullMQ prints them
  return queue;
}

/** Those of all shards, in their order. */
export function openQueues(
  { shards }: Fleet,
  onError?: (error: Error) => void,
  telemetry?: QueueTelemetry,
): RequestQueue[] {
  return shards.map((shard) => openQueue(shard, onError, telemetry));
}

export interface QueuedRequest {
  jobId: string;
  /** As packRequest packs it. */
  packed: string;
  start: JobStart;
}

/** When this resolves, the jobs wait in the queue. A job that is there already is not made again. */
export async function enqueueJobs(queue: RequestQueue, jobs: readonly QueuedRequest[]): Promise<void> {
  await queue.addBulk(
    jobs.map(({ jobId, packed, start }) => ({
      name: JOB_NAME,
      data: packJobData(packed, start),
      // Each turn of a job is a trace of its own. Nothing of the trace of its hand-over is kept.
      opts: {
        jobId,
        ...(queue.opts.telemetry ? { telemetry: { omitContext: true } } : {}),
      },
    })),
  );
}

/** Ends the wait of a delayed job. False when there is no such job, or it is not delayed (any more). */
export async function promote(queue: RequestQueue, jobId: string): Promise<boolean> {
  const job = await queue.getJob(jobId);
  if (!job || !(await job.isDelayed())) return false;
  try {
    await job.promote();
    return true;
  } catch (error) {
    if (await job.isDelayed()) throw error;
    return false;
  }
}

export interface WorkerParts {
  connection: Redis;
  namespace: string;
  concurrency: number;
  lockDurationMs: number;
  /** Returns when the job is completed; otherwise it throws what settle makes of the outcome. */
  process: (job: RequestJob, token: string) => Promise<void>;
  telemetry?: QueueTelemetry | null;
  onLockLost: (jobIds: readonly string[]) => void;
  onError: (error: Error) => void;
}

/**
 * A worker that does not start before `run()`. Drover itself decides whether a stalled job may go on
 * (E_STALLED), so BullMQ's limit is set out of the way. Options that are the same for all jobs stand here and
 * not in each job.
 */
export function openWorker(parts: WorkerParts): RequestWorker {
  const worker: RequestWorker = new Worker(QUEUE, (job, token) => parts.process(job, token ?? ''), {
    connection: parts.connection,
    prefix: parts.namespace,
    autorun: false,
    concurrency: parts.concurrency,
    lockDuration: parts.lockDurationMs,
    stalledInterval: STALLED_INTERVAL_MS,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    removeOnComplete: { count: 0 },
    runRetryDelay: 500,
    ...(parts.telemetry ? { telemetry: parts.telemetry } : {}),
    settings: { backoffStrategy: (_attempts, _type, error) => backoffOf(error) },
  });
  worker.on('error', parts.onError);
  restAfterErrors(worker);
  worker.on('lockRenewalFailed', (jobIds: string[]) => parts.onLockLost(jobIds));
  return worker;
}

/**
 * How many jobs it may have in hand from now on. BullMQ 6.7 asks for more only when one of those in hand ends
 * (findings/bullmq-concurrency.sh), so it is woken here as its own resume() wakes it.
 */
export function setConcurrency(worker: RequestWorker, concurrency: number): void {
  const isMore = concurrency > worker.concurrency;
  worker.concurrency = concurrency;
  const inner = worker as unknown as { mainLoopQueue: { add(woken: Promise<void>): void } | null };
  if (isMore) inner.mainLoopQueue?.add(Promise.resolve());
}

/** A job that is locked for this process though the worker has not taken it; null when it is gone. */
export async function jobOfWorker(worker: RequestWorker, jobId: string): Promise<RequestJob | null> {
  return ((await Job.fromId(worker, jobId)) as RequestJob | undefined) ?? null;
}

/** Ends such a job as its worker would, when `work` has returned or thrown what settle throws. */
export async function endJob(job: RequestJob, token: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DelayedError || error instanceof WaitingError) return;
    await job.moveToFailed(error as Error, token, false);
    return;
  }
  await job.moveToCompleted(undefined, token, false);
}

const SHORTEST_REST_MS = 100;
const LONGEST_REST_MS = 2000;

/**
 * After an error that is not one of the connection (NOREPLICAS, OOM, …), BullMQ asks for the next job at
 * once, and again, without ever yielding to timers or signals. So the worker rests first: 100 ms, twice as
 * long after each error, 2 s at most. Jobs in hand go on.
 */
export function restAfterErrors(worker: Pick<Worker, 'on' | 'pause' | 'resume' | 'closing'>): void {
  let restMs = SHORTEST_REST_MS;
  let isResting = false;
  worker.on('active', () => {
    restMs = SHORTEST_REST_MS;
  });
  worker.on('error', (error) => {
    if (isResting || worker.closing || redisFailure(error)?.code === 'E_REDIS_DOWN') return;
    isResting = true;
    void worker.pause(true);
    const wake = () => {
      isResting = false;
      if (!worker.closing) void worker.resume();
    };
    setTimeout(wake, restMs).unref();
    restMs = Math.min(restMs * 2, LONGEST_REST_MS);
  });
}

/** Thrown to make BullMQ put a job back for `delayMs`. This uses up an attempt. */
export class RetryError extends Error {
  readonly delayMs: number;
  constructor(message: string, delayMs: number) {
    super(message);
    this.delayMs = delayMs;
    // BullMQ would keep a stack trace in Redis for each attempt.
    this.stack = message;
  }
}

/** The worker's backoff strategy calls this: how long until the next attempt, in milliseconds. */
export function backoffOf(error: Error | undefined): number {
  return error instanceof RetryError ? Math.max(1, Math.round(error.delayMs)) : 1000;
}
