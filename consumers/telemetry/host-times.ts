// How long the hosts of one crawl take to answer, for the list of slowest hosts in its summary. Bounded, and
// for this process only.

export interface HostTimes {
  note(crawl: string, host: string, ms: number): void;
  /** `answers` counts those of failed attempts too. */
  slowest(count: number): { host: string; answers: number; meanMs: number }[];
}

const MOST_HOSTS = 10_000;

/** `wanted` is the crawl whose hosts are listed. A consumer fetches for other crawls too. */
export function createHostTimes(wanted: string): HostTimes {
  const hosts = new Map<string, { answers: number; totalMs: number }>();
  return {
    note(crawl, host, ms) {
      if (crawl !== wanted) return;
      const known = hosts.get(host);
      if (known) {
        known.answers++;
        known.totalMs += ms;
      } else if (hosts.size < MOST_HOSTS) {
        hosts.set(host, { answers: 1, totalMs: ms });
      }
    },
    slowest(count) {
      return [...hosts]
        .map(([host, { answers, totalMs }]) => ({ host, answers, meanMs: totalMs / answers }))
        .sort((a, b) => b.meanMs - a.meanMs)
        .slice(0, count);
    },
  };
}
