// The queue "requests" in BullMQ: the one import of bullmq (webhook-queue.ts has what it needs from here). One job is one request; what its
// data holds is said in job-data.ts.
import {
  DelayedError,
  type Job,
  Queue,
  type Telemetry,
  UnrecoverableError,
  WaitingError,
  Worker,
} from 'bullmq';
import type { Fleet } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import { type FormerJobData, type JobData, type JobStart, packJobData } from './job-data.ts';

export const QUEUE = 'requests';
/** Of every job: what differs from job to job stands in its data. */
const JOB_NAME = 'request';

export type RequestJob = Job<JobData | FormerJobData, void, string>;
export type RequestQueue = Queue<JobData | FormerJobData, void, string>;
export type RequestWorker = Worker<JobData | FormerJobData, void, string>;
/** Makes spans of BullMQ's own work (consumers/telemetry/traces.ts). */
export type QueueTelemetry = Telemetry;
export { DelayedError, type Job, Queue, UnrecoverableError, WaitingError, Worker };

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
    // Nobody reads the stream of events but a person who looks on: a short one is enough.
    streams: { events: { maxLen: 100 } },
    ...(telemetry ? { telemetry } : {}),
  });
  queue.on('error', onError); // without a listener, BullMQ prints them
  return queue;
}

export interface QueuedRequest {
  jobId: string;
  /** As packRequest made it. */
  packed: string;
  start: JobStart;
}

/** The jobs wait in the queue when this resolves. One that is there already is not made again. */
export async function enqueueJobs(queue: RequestQueue, jobs: readonly QueuedRequest[]): Promise<void> {
  await queue.addBulk(
    jobs.map(({ jobId, packed, start }) => ({
      name: JOB_NAME,
      data: packJobData(packed, start),
      // Each turn of a job is a trace of its own: nothing of that of its hand-over is kept with it.
      opts: {
        jobId,
        ...(queue.opts.telemetry ? { telemetry: { omitContext: true } } : {}),
      },
    })),
  );
}

/** A delayed job waits no longer. False when there is none of that id, or it is not delayed (any more). */
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
  /** Returns when the job is completed; else throws what settle made of its outcome. */
  process: (job: RequestJob, token: string) => Promise<void>;
  telemetry?: QueueTelemetry | null;
  onLockLost: (jobIds: readonly string[]) => void;
  onError: (error: Error) => void;
}

/**
 * A worker that does not start before `run()`. Whether a job that stalled may go on is drover's own decision (E_STALLED), so BullMQ's
 * limit is out of the way; options that are the same for all jobs stand here and not in each job.
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
  worker.on('lockRenewalFailed', (jobIds: string[]) => parts.onLockLost(jobIds));
  return worker;
}

/** Thrown to let BullMQ put a job back by `delayMs`, using up an attempt. */
export class RetryError extends Error {
  readonly delayMs: number;
  constructor(message: string, delayMs: number) {
    super(message);
    this.delayMs = delayMs;
    // BullMQ would keep a stack in Redis for each attempt.
    this.stack = message;
  }
}

/** What the worker's backoff strategy asks: how long until the next attempt, in milliseconds. */
export function backoffOf(error: Error | undefined): number {
  return error instanceof RetryError ? Math.max(1, Math.round(error.delayMs)) : 1000;
}
