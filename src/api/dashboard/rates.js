// How fast each crawl goes, and how long it may still take: from the pictures of the last seconds. As src/crawl/progress.ts does it.

const WINDOW_MS = 10_000;
/** New requests per ended one up to which a frontier counts as explored. */
const GROWTH_OF_THE_EXPLORED = 0.05;

const endedOf = ({ recorded, refused, dead }) => recorded + refused + dead;

export function createRates() {
  /** @type {Map<string, {atMs: number, view: any}[]>} */
  const byCrawl = new Map();
  return {
    /** All crawls as they are at `atMs`; those that are not among them are forgotten. */
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
    /** After a break the next pictures are not the ones that follow. */
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
