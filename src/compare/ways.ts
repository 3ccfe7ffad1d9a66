// What compare measures: a way to run requests and their handler, and the figures of a run.

/**
 * loop: fetch and handler on one event loop. hybrid: fetches on the event loop, the handler on a pool of
 * threads. threads: one request wholly on one thread.
 */
export type Mode = 'loop' | 'hybrid' | 'threads';

export interface Way {
  readonly mode: Mode;
  /** Requests at once. */
  readonly concurrency: number;
  /** Threads that run handlers: 0 for loop, as many as `concurrency` for threads. */
  readonly threads: number;
}

/** Of the pages of a run, in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** One run of one way. */
export interface RunFigures {
  /** Pages that were fetched and handled without an error. */
  readonly pages: number;
  readonly seconds: number;
  readonly pagesPerSecond: number;
  /** Of a page: from the start of its fetch to the end of its handler. */
  readonly latencyMs: Percentiles;
  /** CPU seconds of the process for 1,000 pages. */
  readonly cpuPer1000: number;
  /** Peak of the memory of the process, in bytes. */
  readonly peakBytes: number;
  /** 99 % of the ticks of the event loop that renews locks were late by less than this. */
  readonly loopDelayP99Ms: number;
  /** How often each error code came. */
  readonly errors: Readonly<Record<string, number>>;
  /** The message of the first error with each code. */
  readonly errorTexts: Readonly<Record<string, string>>;
  /**
   * Pages per second without the other work of the machine: the time for which its threads waited for a core
   * is left out, as far as the cores of the machine suffice. At least `pagesPerSecond`.
   */
  readonly attainable: number;
  /** Whether one of its threads was busy all the time, so that only more processes would make it faster. */
  readonly isCpuBound: boolean;
  /** What a page costs, when the run had one page at a time on one event loop; otherwise null. */
  readonly profile: PageProfile | null;
}

/** What one page costs, as means over pages that ran one at a time. Milliseconds. */
export interface PageProfile {
  readonly pages: number;
  readonly fetchMs: number;
  /** CPU time of fetching, and of finding title and links. */
  readonly fetchCpuMs: number;
  readonly handlerMs: number;
  readonly handlerCpuMs: number;
  /** How long the handler held its thread without using the CPU: a synchronous wait. */
  readonly handlerBlockedMs: number;
}

/** The figures of a way over all its rounds. */
export interface CompareRun extends Way, Omit<RunFigures, 'profile' | 'seconds'> {
  readonly rounds: number;
  /** Half the span between the slowest and the fastest round, as a share of pages/s. */
  readonly spread: number;
}

export function nameOfWay({ mode, concurrency, threads }: Way): string {
  return mode === 'hybrid' ? `hybrid ${concurrency} × ${threads} threads` : `${mode} ${concurrency}`;
}
