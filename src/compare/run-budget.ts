// Shares the budget among the runs: how long each may take, and whether there is time for one more.
import type { RunOrder } from './measure/messages.ts';
import type { Mode, Way } from './ways.ts';

/** The first round has this share of the budget, so that there is time for two more. */
const FIRST_ROUND = 0.6;
/** A run may end after the budget by this share of it. */
const OVER = 0.1;
const LEAST_RUN_MS = 500;
const MOST_RUN_MS = 2500;
const WARM_UP = 0.35;
/** Before one was seen: to start a process or a thread of it. */
const GUESSED_START_MS = 200;
/** Threads start side by side, so many do not take as long as one would tell. */
const MOST_START_MS = 400;
/** A busy machine needs so long for a process, and for a thread. Whatever starts then is given up. */
const START_PROCESS_MS = 15_000;
const START_THREAD_MS = 1500;
const LEAST_START_MS = 4000;

/** The longest time that a handler has for a page: one that never ends leaves time for all runs. */
export function pageLimitOf(budgetMs: number): number {
  return Math.max(1000, Math.round(budgetMs / 10));
}

export class RunBudget {
  readonly #budgetMs: number;
  readonly #now: () => number;
  readonly #beganAt: number;
  /** Threads that run already, by what shares them. */
  readonly #threads = new Map<string, number>();
  readonly #modes = new Set<Mode>();
  /** What a run takes beyond warm-up and window, and what a start of a thread takes. */
  #besideMs = 300;
  #startMs = GUESSED_START_MS;
  /** What one page takes on its own. */
  pageMs = 0;

  constructor(budgetMs: number, now = () => performance.now()) {
    this.#budgetMs = budgetMs;
    this.#now = now;
    this.#beganAt = now();
  }

  isOver(): boolean {
    return this.#leftMs(1) <= 0;
  }

  /** Whether the way can be run before so large a share of the budget is used up. */
  hasTime(way: Way, round: number): boolean {
    const share = round === 1 ? FIRST_ROUND : 1 + OVER;
    return this.#leftMs(share) >= this.#startsOf(way) * this.#startMs + this.#leastMs() + this.#besideMs;
  }

  /** How many ways can take part in each of the `rounds` to come. */
  room(rounds: number): number {
    return Math.floor(this.#leftMs(1) / (rounds * (this.#leastMs() + this.#besideMs)));
  }

  /** `pieces`: how many runs share the time of this round, or of all that are needed. */
  order(way: Way, round: number, pieces: number, mostPages: number | null): RunOrder {
    const leftMs = this.#leftMs(round === 1 ? FIRST_ROUND : 1);
    const shareMs = leftMs / pieces - this.#besideMs - this.#startsOf(way) * this.#startMs;
    const runMs = Math.min(Math.max(shareMs, this.#leastMs()), this.#mostMs());
    // Real servers are not asked for pages that do not count.
    const warmUpMs = mostPages === null ? WARM_UP * runMs : 0;
    const isNew = this.#startsOf(way) > 0;
    return {
      ...{ way, warmUpMs, windowMs: runMs - warmUpMs, mostPages },
      warmPages: isNew ? Math.max(1, 2 * way.threads) : Math.max(1, way.threads),
      // The threads of a pool start in its first run.
      mostMs: pageLimitOf(this.#budgetMs) + runMs + (isNew && way.mode === 'hybrid' ? LEAST_START_MS : 0),
      settleMs: Math.min(1500, Math.max(300, runMs)),
      startMs: this.startLimitMs(way),
    };
  }

  /** How long processes and threads of a way may take to start. */
  startLimitMs(way: Way): number {
    const limitMs = START_PROCESS_MS + START_THREAD_MS * way.threads;
    if (!this.#modes.has(way.mode)) return limitMs;
    return Math.min(limitMs, Math.max(LEAST_START_MS, this.#leftMs(1)));
  }

  /** The process of this way runs, with its threads if it is not hybrid. */
  started(way: Way): void {
    this.#modes.add(way.mode);
    if (way.mode !== 'hybrid') this.#threads.set(poolOf(way), threadsIn(way));
  }

  /** Learns from a run that took so long. */
  ran({ way, warmUpMs, windowMs }: RunOrder, tookMs: number): void {
    const beside = Math.max(0, tookMs - warmUpMs - windowMs);
    const starts = this.#startsOf(way);
    if (starts === 0) this.#besideMs = (this.#besideMs + beside) / 2;
    else {
      const startMs = Math.min(MOST_START_MS, Math.max(0, beside - this.#besideMs) / starts);
      this.#startMs = (this.#startMs + startMs) / 2;
    }
    this.#threads.set(poolOf(way), Math.max(threadsIn(way), this.#threads.get(poolOf(way)) ?? 0));
    this.#modes.add(way.mode);
  }

  #leftMs(share: number): number {
    return this.#beganAt + share * this.#budgetMs - this.#now();
  }

  /** How many processes and threads start with a run. */
  #startsOf(way: Way): number {
    const threads = Math.max(0, threadsIn(way) - (this.#threads.get(poolOf(way)) ?? 0));
    return threads + (this.#modes.has(way.mode) ? 0 : 1);
  }

  #leastMs(): number {
    return Math.min(Math.max(LEAST_RUN_MS, 2.5 * this.pageMs), Math.max(LEAST_RUN_MS, this.#budgetMs / 15));
  }

  #mostMs(): number {
    const usual = Math.min(MOST_RUN_MS, this.#budgetMs / 20);
    return Math.max(this.#leastMs(), usual, Math.min(6 * this.pageMs, this.#budgetMs / 10));
  }
}

/** Runs of one pool find its threads warm. The pools of hybrid have their own, by size. */
function poolOf({ mode, threads }: Way): string {
  return mode === 'hybrid' ? `hybrid ${threads}` : mode;
}

function threadsIn({ mode, threads }: Way): number {
  return mode === 'loop' ? 1 : threads;
}
