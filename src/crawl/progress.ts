// A crawl's progress: its counters at one moment, and the speed and time left that follow from several
// moments.
import type { Hold } from '../politeness/held-back.ts';

/** A crawl's counters: accepted = recorded + refused + dead + waiting. `bytes` counts decoded bodies. */
export interface CrawlCounts {
  crawl: string;
  state: 'running' | 'paused' | 'finished' | 'cancelled';
  accepted: number;
  recorded: number;
  refused: number;
  dead: number;
  waiting: number;
  bytes: number;
  retries: number;
  postponed: number;
  statuses: Record<string, number>;
  /** By code. */
  errors: Record<string, number>;
  /** By code. */
  refusals: Record<string, number>;
  /** Links that did not become requests, by the code of the reason. */
  leftOut: Record<string, number>;
}

/** The counters at `atMs`, on any clock that does not go back. `inFlight` counts fetches. */
export interface ProgressSample {
  counts: CrawlCounts;
  inFlight: number;
  atMs: number;
  /** Hosts with requests of open crawls that are paused or slowed. */
  held?: readonly HeldHost[];
}

export interface HeldHost {
  key: string;
  hold: Hold;
}

export interface Rate {
  add(sample: ProgressSample): void;
  /** Pages recorded per second in the window; null before there are two samples. */
  pagesPerSecond(): number | null;
  /**
   * Time until no request waits, in milliseconds, at the speed of the window. Null when it cannot be known:
   * no request ends, or the frontier still grows, so that the number of pages is unknown.
   */
  remainingMs(): number | null;
}

/**
 * A frontier counts as explored when at most this many requests are added for each one that ends. The last
 * pages still add a few.
 */
const GROWTH_OF_THE_EXPLORED = 0.05;

/**
 * Measures speed over the last `windowMs` of the samples. A counter that goes down (it was repaired) counts
 * as unchanged.
 */
export function createRate(windowMs = 10_000): Rate {
  const samples: ProgressSample[] = [];

  /** Growth of one figure in the window, per millisecond; null without two samples. */
  function slope(figure: (counts: CrawlCounts) => number): number | null {
    const [first, last] = [samples[0], samples.at(-1)];
    if (!first || !last || last.atMs <= first.atMs) return null;
    return Math.max(0, figure(last.counts) - figure(first.counts)) / (last.atMs - first.atMs);
  }

  return {
    add(sample) {
      samples.push(sample);
      while (samples[1] && sample.atMs - samples[1].atMs >= windowMs) samples.shift();
    },
    pagesPerSecond() {
      const perMs = slope((counts) => counts.recorded);
      return perMs === null ? null : perMs * 1000;
    },
    remainingMs() {
      const last = samples.at(-1)?.counts;
      if (!last || last.accepted === 0) return null;
      if (last.waiting === 0) return 0;
      const [ending, growing] = [slope(endedOf), slope((counts) => counts.accepted)];
      if (!ending || growing === null) return null;
      return growing > ending * GROWTH_OF_THE_EXPLORED ? null : last.waiting / (ending - growing);
    },
  };
}

/** Number of requests that have ended: recorded, refused or dead. */
export function endedOf(counts: CrawlCounts): number {
  return counts.recorded + counts.refused + counts.dead;
}
