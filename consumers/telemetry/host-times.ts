// How long the hosts take to answer, for the list of slowest hosts in the summary. Bounded, and for this
// process only.

export interface HostTimes {
  note(host: string, ms: number): void;
  slowest(count: number): { host: string; pages: number; meanMs: number }[];
}

const MOST_HOSTS = 10_000;

export function createHostTimes(): HostTimes {
  const hosts = new Map<string, { pages: number; totalMs: number }>();
  return {
    note(host, ms) {
      const known = hosts.get(host);
      if (known) {
        known.pages++;
        known.totalMs += ms;
      } else if (hosts.size < MOST_HOSTS) {
        hosts.set(host, { pages: 1, totalMs: ms });
      }
    },
    slowest(count) {
      return [...hosts]
        .map(([host, { pages, totalMs }]) => ({ host, pages, meanMs: totalMs / pages }))
        .sort((a, b) => b.meanMs - a.meanMs)
        .slice(0, count);
    },
  };
}
