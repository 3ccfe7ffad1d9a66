// The queue "webhooks" in BullMQ. One job is one event on its way to the receiver. It is tried again until it
// has arrived or is given up.

import type { Fleet } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import {
  backoffOf,
  type Job,
  Queue,
  RetryError,
  restAfterErrors,
  STALLED_INTERVAL_MS,
  UnrecoverableError,
  WaitingError,
  Worker,
} from './queue.ts';

export const WEBHOOK_QUEUE = 'webhooks';

export interface WebhookData {
  crawl: string;
  /** The schedule whose webhook is told, instead of that of the crawl. */
  schedule?: string;
  /** The text that is signed and sent. It is the same, byte by byte, at each attempt. */
  body: string;
}

/** The id of the job is that of the event, and its name is the type of the event. */
export type WebhookJob = Job<WebhookData, void, string>;
export type WebhookQueue = Queue<WebhookData, void, string>;
export type WebhookWorker = Worker<WebhookData, void, string>;

/** With the waits of delayAfter, this takes over four hours. */
export const MOST_ATTEMPTS = 15;
const FIRST_DELAY_MS = 2000;
export const LONGEST_DELAY_MS = 3_600_000;
/**
 * How many of the delivered jobs, and of those given up, are kept. Their ids keep the same event from being
 * added twice after a crash.
 */
const KEPT = 1000;

export function openWebhookQueue(
  fleet: Fleet,
  onError: (error: Error) => void = () => undefined,
): WebhookQueue {
  const queue: WebhookQueue = new Queue(WEBHOOK_QUEUE, {
    connection: fleet.redis,
    prefix: fleet.namespace,
    streams: { events: { maxLen: 100 } },
    defaultJobOptions: { attempts: MOST_ATTEMPTS, backoff: { type: 'custom' }, stackTraceLimit: 1 },
  });
  queue.on('error', onError); // without a listener, BullMQ prints them
  return queue;
}

/**
 * When this resolves, the jobs wait in the queue. A job that is there already, or was there lately, is not
 * made again.
 */
export async function addWebhookJobs(
  queue: WebhookQueue,
  jobs: readonly ({ id: string; type: string } & WebhookData)[],
): Promise<void> {
  await queue.addBulk(jobs.map(({ id, type, ...data }) => ({ name: type, data, opts: { jobId: id } })));
}

/**
 * How long to wait after this many attempts: doubled each time, at most an hour; the upper half is random.
 */
export function delayAfter(attempts: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
  return full * (0.5 + Math.random() / 2);
}

/**
 * How an attempt ended. again: tried again after `afterMs`, unless it was the last. stopped: returned as if
 * not tried. `why` is kept with the job, so it must hold no secrets.
 */
export type Delivery =
  | { kind: 'delivered' }
  | { kind: 'again'; why: string; afterMs: number }
  | { kind: 'givenUp'; why: string }
  | { kind: 'stopped' };

/** Whether the attempt that is being made is the last. */
export function isLastAttempt(job: WebhookJob): boolean {
  return job.attemptsMade + 1 >= (job.opts.attempts ?? MOST_ATTEMPTS);
}

/** A worker that starts to take jobs at once. */
export function openWebhookWorker(parts: {
  connection: Redis;
  namespace: string;
  concurrency: number;
  lockDurationMs: number;
  deliver: (job: WebhookJob) => Promise<Delivery>;
  onError: (error: Error) => void;
}): WebhookWorker {
  const worker: WebhookWorker = new Worker(
    WEBHOOK_QUEUE,
    async (job, token) => settleDelivery(await parts.deliver(job), job, token ?? ''),
    {
      connection: parts.connection,
      prefix: parts.namespace,
      concurrency: parts.concurrency,
      lockDuration: parts.lockDurationMs,
      stalledInterval: STALLED_INTERVAL_MS,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      removeOnComplete: { count: KEPT },
      removeOnFail: { count: KEPT },
      runRetryDelay: 500,
      settings: { backoffStrategy: (_attempts, _type, error) => backoffOf(error) },
    },
  );
  worker.on('error', parts.onError);
  restAfterErrors(worker);
  return worker;
}

/** Returns when the job is completed. Throws what makes BullMQ delay it, fail it or put it back. */
async function settleDelivery(delivery: Delivery, job: WebhookJob, token: string): Promise<void> {
  switch (delivery.kind) {
    case 'delivered':
      return;
    case 'again':
      throw new RetryError(delivery.why, delivery.afterMs);
    case 'givenUp': {
      const error = new UnrecoverableError(delivery.why);
      error.stack = error.message;
      throw error;
    }
    case 'stopped':
      await job.moveToWait(token);
      throw new WaitingError();
    default:
      delivery satisfies never;
  }
}
