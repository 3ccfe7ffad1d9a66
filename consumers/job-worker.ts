// The BullMQ worker of a consumer for one shard. It takes jobs, runs each through the pipeline and settles
// it. A worker that hangs is replaced.
import { failure } from '../src/errors.ts';
import { listForBrowser } from '../src/frontier/for-browser.ts';
import { gathered } from '../src/metrics.ts';
import type { Outcome } from '../src/outcome.ts';
import {
  endJob,
  jobOfWorker,
  openWorker,
  type RequestJob,
  type RequestQueue,
  type RequestWorker,
  setConcurrency,
} from '../src/queue/queue.ts';
import { settle } from '../src/queue/settle.ts';
import { closeRedis, type Redis } from '../src/redis.ts';
import type { ConsumerContext, Traces } from './context.ts';
import { processJob } from './pipeline.ts';

/** After this time, a job is tried again that failed for a reason on our side. */
const AFTER_FAULT_MS = 2000;
/**
 * When jobs wait and none is taken for this long, the worker's blocking read hangs, and a new worker takes
 * over.
 */
const ASLEEP_MS = 10_000;
/** How many times as many jobs as without those that wait for handlers, stores or names. */
const MOST_TIMES = 25;

interface JobWorkerParts {
  context: ConsumerContext;
  queue: RequestQueue;
  /** Opens a connection for a worker. Each has its own, so that a new one does not hang as the last. */
  connect: () => Redis;
  /** How many fetches may be in flight now; `shared`: how many shards share those of the process. */
  concurrency: () => number;
  shared: number;
  lockDurationMs: number;
  traces: Traces | null;
}

/** Takes jobs from its creation until it is stopped. */
export class JobWorker {
  readonly #parts: JobWorkerParts;
  /** The abort controllers of the jobs in hand, by job id. */
  readonly #aborts = new Map<string, AbortController>();
  #worker: RequestWorker;
  #connection: Redis;
  /** Jobs that were taken over, until they end. */
  readonly #takenOver = new Set<Promise<void>>();
  #lastTaken = performance.now();
  /** How many jobs it has taken. */
  taken = 0;

  constructor(parts: JobWorkerParts) {
    this.#parts = parts;
    this.#connection = parts.connect();
    this.#worker = this.#open();
    const { waitingRoom, pageRoom } = parts.context;
    for (const room of [waitingRoom, pageRoom]) room.onGrown(() => this.takeMost());
  }

  /**
   * To be called about once a second. If jobs wait and none is taken, a new worker takes over from the one
   * that hangs. As many jobs are taken as are wanted now.
   */
  async watch(): Promise<void> {
    const { context, queue } = this.#parts;
    this.takeMost();
    const isBusy = this.#aborts.size > 0 || this.#waiting() > 0;
    if (performance.now() - this.#lastTaken < ASLEEP_MS || isBusy) return;
    if ((await queue.getWaitingCount()) === 0 || (await queue.isPaused())) return;
    context.log.warn('no job taken though some wait: a new worker takes over');
    context.meters.count(gathered.wakes, null);
    this.#lastTaken = performance.now();
    const [asleep, silent] = [this.#worker, this.#connection];
    this.#connection = this.#parts.connect();
    this.#worker = this.#open();
    asleep.close().catch(() => undefined);
    closeRedis(silent);
  }

  /** How many jobs it has in hand. */
  inHand(): number {
    return this.#aborts.size;
  }

  /**
   * To be called when `concurrency` has changed: from now on it has as many jobs in hand as are wanted now.
   * Those that wait for handlers, stores or names come on top of those that it has for fetches; for each that
   * waits for a name one more, because they come all at once.
   */
  takeMost(): void {
    setConcurrency(this.#worker, this.#most());
  }

  #most(): number {
    const { pageRoom, waitingRoom } = this.#parts.context;
    const forFetches = this.#mostForFetches();
    return Math.min(MOST_TIMES * forFetches, forFetches + pageRoom.pages() + 2 * waitingRoom.jobs());
  }

  /**
   * A few more than fetches, so that one is ready when a fetch ends. Only a few, so that the others wait in
   * the queue: there BullMQ hands out the next job with the end of another.
   */
  #mostForFetches(): number {
    const { concurrency, shared } = this.#parts;
    const fetches = concurrency();
    return fetches + Math.ceil(fetches / 2) + Math.ceil(4 / shared);
  }

  #waiting(): number {
    const { pageRoom, waitingRoom } = this.#parts.context;
    return pageRoom.pages() + waitingRoom.jobs();
  }

  /**
   * Takes no more jobs. Resolves when those in hand are settled. Jobs that do not end within the grace period
   * are aborted and return to the queue.
   */
  async stop(graceMs: number): Promise<void> {
    const late = setTimeout(() => {
      for (const abort of this.#aborts.values()) abort.abort(failure('E_LOCK_LOST', 'The consumer stopped.'));
    }, graceMs);
    await Promise.all([this.#worker.close(), ...this.#takenOver]);
    clearTimeout(late);
  }

  /**
   * Runs a job that was taken from among those that wait for a browser, to its end. Its lock has this token.
   */
  async takeOver(jobId: string, token: string): Promise<void> {
    const { lockDurationMs, context } = this.#parts;
    const job = await jobOfWorker(this.#worker, jobId);
    if (job === null) return;
    const renewing = setInterval(() => {
      const lost = () => this.#aborts.get(jobId)?.abort(failure('E_LOCK_LOST'));
      job.extendLock(token, lockDurationMs).then(
        (held) => held || lost(),
        (error) => context.troubles.note(error, 'worker'),
      );
    }, lockDurationMs / 3);
    const running = endJob(job, token, this.#process(job, token)).finally(() => clearInterval(renewing));
    this.#takenOver.add(running);
    await running.finally(() => this.#takenOver.delete(running));
  }

  #open(): RequestWorker {
    const { context, lockDurationMs, traces } = this.#parts;
    const worker = openWorker({
      connection: this.#connection,
      namespace: context.fleet.namespace,
      concurrency: this.#most(),
      lockDurationMs,
      process: (job, token) => this.#process(job, token),
      telemetry: traces?.telemetry ?? null,
      onLockLost: (ids) => {
        for (const id of ids) this.#aborts.get(id)?.abort(failure('E_LOCK_LOST'));
      },
      onError: (error) => context.troubles.note(error, 'worker'),
    });
    worker.run().catch((error) => context.troubles.note(error, 'worker'));
    return worker;
  }

  async #process(job: RequestJob, token: string): Promise<void> {
    const { context } = this.#parts;
    this.#lastTaken = performance.now();
    this.taken++;
    context.dispatcher.kick();
    const jobId = job.id ?? '';
    const abort = new AbortController();
    this.#aborts.set(jobId, abort);
    try {
      const outcome = await processJob(context, job, abort).catch((error: unknown): Outcome => {
        // The disk is full, or Redis is out of memory. That is not the fault of the request, and nothing is
        // lost.
        context.reports.trouble(jobId, error);
        context.onTrouble(error);
        return { kind: 'postponed', untilMs: Date.now() + AFTER_FAULT_MS };
      });
      // The lane of the request may now give its next one, ahead of a slot.
      context.dispatcher.kick();
      await settle(outcome, job, token).finally(() =>
        outcome.kind === 'postponed' && outcome.waitsFor ? listForBrowser(context.fleet, jobId) : undefined,
      );
    } finally {
      if (this.#aborts.get(jobId) === abort) this.#aborts.delete(jobId);
    }
  }
}
