// Speed and time left of each crawl, from its states in the last 10 seconds, by the same rule as
// src/crawl/progress.ts.

const WINDOW_MS = 10_000;
/** A frontier counts as explored when at most this many requests are added for each one that ends. */
const GROWTH_OF_THE_EXPLORED = 0.05;

const endedOf = ({ recorded, refused, dead }) => recorded + refused + dead;

export function createRates() {
  /** @type {Map<string, {atMs: number, view: any}[]>} */
  const byCrawl = new Map();
  return {
    /** Adds the state of all crawls at `atMs` and forgets the crawls that are not among them. */
    note(crawls, atMs) {
      const present = new Set(crawls.map(({ crawl }) => crawl));
      for (const crawl of byCrawl.keys()) if (!present.has(crawl)) byCrawl.delete(crawl);
      for (const view of crawls) {
        const samples = byCrawl.get(view.crawl) ?? [];
        byCrawl.set(view.crawl, samples);
        samples.push({ atMs, view });
        while (samples[1] && atMs - samples[1].atMs >= WINDOW_MS) samples.shift();
      }
    },
    /** After a break, the states before and after it must not be compared. */
    forget: () => byCrawl.clear(),
    /** @returns {{pagesPerSecond: number | null, remainingMs: number | null}} */
    of(crawl) {
      const samples = byCrawl.get(crawl) ?? [];
      return rateOf(samples[0], samples.at(-1));
    },
  };
}

function rateOf(first, last) {
  if (!first || !last || last.atMs <= first.atMs) return { pagesPerSecond: null, remainingMs: null };
  const slope = (figure) => Math.max(0, figure(last.view) - figure(first.view)) / (last.atMs - first.atMs);
  const pagesPerSecond = slope(({ recorded }) => recorded) * 1000;
  const [ending, growing] = [slope(endedOf), slope(({ accepted }) => accepted)];
  const isKnown = ending > 0 && growing <= ending * GROWTH_OF_THE_EXPLORED;
  return { pagesPerSecond, remainingMs: isKnown ? last.view.waiting / (ending - growing) : null };
}
