// How long the hosts of one crawl take to answer, for the list of slowest hosts in its summary. Bounded.

export interface HostTimes {
  note(crawl: string, host: string, ms: number): void;
  /** `answers` counts those of failed attempts too. */
  slowest(count: number): { host: string; answers: number; meanMs: number }[];
  /** Takes out what was noted, to be added to the times of another process. */
  take(): HostAnswers[];
  add(answers: readonly HostAnswers[]): void;
}

/** The answers of one host, and how long they took in all. */
export interface HostAnswers {
  host: string;
  answers: number;
  totalMs: number;
}

const MOST_HOSTS = 10_000;

/** `wanted` is the crawl whose hosts are listed. A consumer fetches for other crawls too. */
export function createHostTimes(wanted: string): HostTimes {
  const hosts = new Map<string, HostAnswers>();

  function add(host: string, answers: number, totalMs: number): void {
    const known = hosts.get(host);
    if (known) {
      known.answers += answers;
      known.totalMs += totalMs;
    } else if (hosts.size < MOST_HOSTS) {
      hosts.set(host, { host, answers, totalMs });
    }
  }

  return {
    note(crawl, host, ms) {
      if (crawl === wanted) add(host, 1, ms);
    },
    slowest(count) {
      return [...hosts.values()]
        .map(({ host, answers, totalMs }) => ({ host, answers, meanMs: totalMs / answers }))
        .sort((a, b) => b.meanMs - a.meanMs)
        .slice(0, count);
    },
    take() {
      const taken = [...hosts.values()];
      hosts.clear();
      return taken;
    },
    add(all) {
      for (const { host, answers, totalMs } of all) add(host, answers, totalMs);
    },
  };
}
