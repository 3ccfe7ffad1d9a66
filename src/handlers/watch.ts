// Watches the handlers that run in this process: which of them blocks the event loop, and whose errors nobody
// catches. Such an error would otherwise end the process.
import { AsyncLocalStorage } from 'node:async_hooks';

/** A run of a handler, as long as it or something that it began goes on. */
export interface WatchedRun {
  readonly handler: string;
  readonly url: string;
  /** When it last emitted, enqueued or ended, by performance.now(). */
  seenAt: number;
  /** Ends the run with this error. Null before it waits, and after it has ended. */
  fail: ((error: unknown) => void) | null;
}

export interface HandlerReports {
  /** `runs`: those that may have blocked the loop; one if that is certain. */
  blocked(runs: readonly WatchedRun[], blockedMs: number): void;
  /** An error that came after its page had ended. */
  stray(run: WatchedRun, error: unknown): void;
}

/** A longer block is reported. Sockets, timers and locks of all other requests wait meanwhile. */
export const BLOCKED_MS = 250;
const TICK_MS = 50;
/** A handler is reported again after this time. */
const QUIET_MS = 10_000;

/** One for each consumer. It watches between start and stop. */
export class HandlerWatch {
  readonly #waiting = new Set<WatchedRun>();
  /** Those that ended since the last tick. */
  #ended: WatchedRun[] = [];
  readonly #reports: HandlerReports;
  readonly #reportedAt = new Map<string, number>();
  #tickedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(reports: HandlerReports) {
    this.#reports = reports;
  }

  start(): void {
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
    listen();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Calls the handler. What it does until it first awaits is measured exactly. */
  call<T>(run: WatchedRun, handler: () => T): T {
    const since = performance.now();
    try {
      return runOf.run({ run, reports: this.#reports }, handler);
    } finally {
      run.seenAt = performance.now();
      if (run.seenAt - since > BLOCKED_MS) {
        this.#tickedAt = run.seenAt; // the next tick need not look for who it was
        this.#report([run], run.seenAt - since);
      }
    }
  }

  waits(run: WatchedRun): void {
    this.#waiting.add(run);
  }

  ended(run: WatchedRun): void {
    if (!this.#waiting.delete(run)) return;
    run.seenAt = performance.now();
    run.fail = null;
    this.#ended.push(run);
  }

  /** A tick is late when the loop was blocked: by one of those seen meanwhile, or else by one that waits. */
  #tick(): void {
    const now = performance.now();
    const blockedMs = now - this.#tickedAt - TICK_MS;
    if (blockedMs > BLOCKED_MS) {
      const seen = [...this.#ended, ...this.#waiting].filter(({ seenAt }) => seenAt > now - blockedMs);
      this.#report(seen.length > 0 ? seen : [...this.#waiting], blockedMs);
    }
    this.#tickedAt = now;
    this.#ended = [];
  }

  #report(runs: readonly WatchedRun[], blockedMs: number): void {
    const [first] = runs;
    const now = performance.now();
    if (!first || now - (this.#reportedAt.get(first.handler) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    this.#reportedAt.set(first.handler, now);
    this.#reports.blocked(runs, blockedMs);
  }
}

/** The run to which code belongs that now runs, however often it has awaited. */
const runOf = new AsyncLocalStorage<{ run: WatchedRun; reports: HandlerReports }>();
let isListening = false;

/** Once for each process, and for good: a timer of a handler may throw after its consumer has stopped. */
function listen(): void {
  if (isListening) return;
  isListening = true;
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onRejection);
}

/** Whether the error is a handler's. */
function took(error: unknown): boolean {
  const found = runOf.getStore();
  if (!found) return false;
  const { run, reports } = found;
  if (run.fail) run.fail(error);
  else reports.stray(run, error);
  return true;
}

function onRejection(reason: unknown): void {
  if (took(reason) || process.listenerCount('unhandledRejection') > 1) return;
  setImmediate(() => {
    throw reason;
  });
}

/** What is not a handler's ends the process, as it would without this listener. */
function onException(error: unknown): void {
  if (took(error) || process.listenerCount('uncaughtException') > 1) return;
  process.off('uncaughtException', onException);
  setImmediate(() => {
    throw error;
  });
}
