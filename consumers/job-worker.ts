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
/** Each has a connection to Redis. */
const MOST_SPARES = 24;
/** A spare that was not needed for this long is closed: what waits comes and goes. */
const IDLE_SPARE_MS = 5000;

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
  /**
   * Further workers, for jobs that wait for handlers, stores or names. Those that close still have jobs in
   * hand.
   */
  readonly #spares: RequestWorker[] = [];
  /** When all of them were needed. */
  #sparesNeededAt = 0;
  readonly #closing = new Set<Promise<void>>();
  #lastTaken = performance.now();
  /** How many jobs it has taken. */
  taken = 0;
  #isStopping = false;

  constructor(parts: JobWorkerParts) {
    this.#parts = parts;
    this.#connection = parts.connect();
    this.#worker = this.#open();
    const { waitingRoom, pageRoom } = parts.context;
    for (const room of [waitingRoom, pageRoom]) room.onGrown(() => this.#openSpares());
  }

  /**
   * To be called about once a second. If jobs wait and none is taken, a new worker takes over from the one
   * that hangs. If many jobs wait for handlers, stores or names, more workers take others.
   */
  async watch(): Promise<void> {
    const { context, queue } = this.#parts;
    this.#balance();
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

  /** To be called when `concurrency` has changed. */
  takeShare(): void {
    const most = this.#mostInHand();
    for (const worker of [this.#worker, ...this.#spares]) worker.concurrency = most;
  }

  /**
   * How many jobs a worker takes: a few more than fetches, so that one is ready when a fetch ends. Only a
   * few, so that the others wait in the queue: there BullMQ hands out the next job with the end of another.
   */
  #mostInHand(): number {
    const { concurrency, shared } = this.#parts;
    const fetches = concurrency();
    return fetches + Math.ceil(fetches / 2) + Math.ceil(4 / shared);
  }

  #waiting(): number {
    const { pageRoom, waitingRoom } = this.#parts.context;
    return pageRoom.pages() + waitingRoom.jobs();
  }

  /**
   * So many spare workers that `concurrency` jobs can be taken besides the pages that wait, and two for each
   * `concurrency` jobs in the waiting room: those come all at once. Returns how many are wanted.
   */
  #openSpares(): number {
    const { context } = this.#parts;
    const fetches = this.#parts.concurrency();
    const forPages = Math.ceil((context.pageRoom.pages() + fetches) / this.#mostInHand()) - 1;
    const forJobs = Math.floor((2 * context.waitingRoom.jobs()) / fetches);
    const wanted = this.#isStopping ? 0 : Math.min(MOST_SPARES, forPages + forJobs);
    if (wanted >= this.#spares.length) this.#sparesNeededAt = performance.now();
    while (this.#spares.length < wanted) this.#spares.push(this.#open());
    return wanted;
  }

  #balance(): void {
    const wanted = this.#openSpares();
    if (performance.now() - this.#sparesNeededAt < IDLE_SPARE_MS) return;
    for (const spare of this.#spares.splice(wanted)) {
      const closing = spare.close().catch(() => undefined);
      this.#closing.add(closing);
      closing.finally(() => this.#closing.delete(closing));
    }
  }

  /**
   * Takes no more jobs. Resolves when those in hand are settled. Jobs that do not end within the grace period
   * are aborted and return to the queue.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const late = setTimeout(() => {
      for (const abort of this.#aborts.values()) abort.abort(failure('E_LOCK_LOST', 'The consumer stopped.'));
    }, graceMs);
    await Promise.all(
      [this.#worker, ...this.#spares].map((worker) => worker.close()).concat(...this.#closing),
    );
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
    this.#closing.add(running);
    await running.finally(() => this.#closing.delete(running));
  }

  #open(): RequestWorker {
    const { context, lockDurationMs, traces } = this.#parts;
    const worker = openWorker({
      connection: this.#connection,
      namespace: context.fleet.namespace,
      concurrency: this.#mostInHand(),
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
