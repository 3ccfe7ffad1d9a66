// How far a crawl is: its counts at one moment, and what two moments apart say of its speed and of the time left.
import type { Hold } from '../politeness/held-back.ts';

/** A crawl's counters (DESIGN I5): accepted = recorded + refused + dead + waiting. `bytes` are of decoded bodies. */
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

/** The counts as they were at `atMs`, on any clock that does not go back; `inFlight` are fetches. */
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
  /** Pages recorded per second, over the window; null before there are two samples. */
  pagesPerSecond(): number | null;
  /**
   * Until nothing waits, in milliseconds, if it goes on as in the window. Null when nobody can know: nothing ends, or
   * the frontier still grows, and so the number of pages is not known.
   */
  remainingMs(): number | null;
}

/** New requests per ended one up to which a frontier counts as explored: the last pages still find a few. */
const GROWTH_OF_THE_EXPLORED = 0.05;

/** Speed over a window that slides along with the samples. A counter that goes back (repaired) counts as standing still. */
export function createRate(windowMs = 10_000): Rate {
  const samples: ProgressSample[] = [];

  /** Change per millisecond of one figure over the window; null without a window. */
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

/** Requests that have ended, in whatever way. */
export function endedOf(counts: CrawlCounts): number {
  return counts.recorded + counts.refused + counts.dead;
}
