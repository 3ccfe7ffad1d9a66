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
  /** Recorded pages that are as the former run has recorded them (--again). */
  unchanged: number;
  /** Those of `unchanged` that were not asked for, because they are not due again (--only-due). */
  notDue: number;
  /** What sites have charged for pages in all (--max-price), such as `USD 0.42`; null if nothing. */
  charged: string | null;
  statuses: Record<string, number>;
  /** By code. */
  errors: Record<string, number>;
  /** By code. */
  refusals: Record<string, number>;
  /** Links that did not become requests, by the code of the reason. */
  leftOut: Record<string, number>;
  /** Items in the records, by the handler that emitted them. */
  items: Record<string, number>;
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
   * Time until no request waits, in milliseconds, at the speed of the last minute. It changes slowly. Null
   * when it cannot be known: no request ends, or the frontier still grows, so that the number of pages is
   * unknown.
   */
  remainingMs(): number | null;
}

/**
 * A frontier counts as explored when at most this many requests are added for each one that ends. The last
 * pages still add a few.
 */
const GROWTH_OF_THE_EXPLORED = 0.05;

/** The time left is estimated from so much of the past, so that a slow moment does not change it much. */
const ESTIMATE_MS = 60_000;
/** After this time, an estimate has gone most of the way to a new one. */
const SETTLING_MS = 10_000;
const SAMPLE_MS = 1000;

/**
 * Measures speed over the last `windowMs` of the samples. A counter that goes down (it was repaired) counts
 * as unchanged.
 */
export function createRate(windowMs = 10_000): Rate {
  const recent = createWindow(windowMs);
  const long = createWindow(ESTIMATE_MS, SAMPLE_MS);
  let left: number | null = null;
  let estimatedAt = 0;

  function estimate({ waiting, accepted }: CrawlCounts): number | null {
    if (accepted === 0) return null;
    if (waiting === 0) return 0;
    // A crawl that stands still now has no time left that could be known.
    const [now, ending, growing] = [
      recent.slope(endedOf),
      long.slope(endedOf),
      long.slope((counts) => counts.accepted),
    ];
    if (!now || !ending || growing === null) return null;
    return growing > ending * GROWTH_OF_THE_EXPLORED ? null : waiting / (ending - growing);
  }

  return {
    add(sample) {
      recent.add(sample);
      long.add(sample);
      const next = estimate(sample.counts);
      const passedMs = Math.max(0, sample.atMs - estimatedAt);
      estimatedAt = sample.atMs;
      if (next === null || left === null || next === 0) left = next;
      else {
        const former = Math.max(0, left - passedMs);
        left = former + (next - former) * (1 - Math.exp(-passedMs / SETTLING_MS));
      }
    },
    pagesPerSecond() {
      const perMs = recent.slope((counts) => counts.recorded);
      return perMs === null ? null : perMs * 1000;
    },
    remainingMs: () => left,
  };
}

interface SampleWindow {
  add(sample: ProgressSample): void;
  /** Growth of one figure in the window, per millisecond; null without two samples. */
  slope(figure: (counts: CrawlCounts) => number): number | null;
}

/** The samples of the last `windowMs`, at most one each `everyMs`, and the newest. */
function createWindow(windowMs: number, everyMs = 0): SampleWindow {
  const samples: ProgressSample[] = [];
  let newest: ProgressSample | undefined;
  return {
    add(sample) {
      newest = sample;
      const last = samples.at(-1);
      if (!last || sample.atMs - last.atMs >= everyMs) samples.push(sample);
      while (samples[1] && sample.atMs - samples[1].atMs >= windowMs) samples.shift();
    },
    slope(figure) {
      const [first] = samples;
      if (!first || !newest || newest.atMs <= first.atMs) return null;
      return Math.max(0, figure(newest.counts) - figure(first.counts)) / (newest.atMs - first.atMs);
    },
  };
}

/** Number of requests that have ended: recorded, refused or dead. */
export function endedOf(counts: CrawlCounts): number {
  return counts.recorded + counts.refused + counts.dead;
}
