// How many requests a consumer has ended, and how many a second of late.

/** So many readings, one a second, are what a speed is told of. */
const READINGS = 10;

export interface EndedPages {
  /** One more request has ended. */
  count(): void;
  pages(): number;
  /** To be called about once a second. */
  read(): { pages: number; pagesPerSecond: number };
}

export function countEnded(nowMs: () => number = () => performance.now()): EndedPages {
  let pages = 0;
  const readings = [{ atMs: nowMs(), pages }];
  return {
    count() {
      pages++;
    },
    pages: () => pages,
    read() {
      const atMs = nowMs();
      readings.push({ atMs, pages });
      if (readings.length > READINGS + 1) readings.shift();
      const [first = { atMs, pages }] = readings;
      const seconds = Math.max(1, (atMs - first.atMs) / 1000);
      return { pages, pagesPerSecond: Math.round((10 * (pages - first.pages)) / seconds) / 10 };
    },
  };
}
