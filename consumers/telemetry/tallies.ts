// Counts on which nothing depends (retries, postponed). They are gathered here and written once a second, so
// that no page waits for them.
import { countInCrawl } from '../../src/crawl/tally.ts';
import type { Fleet } from '../../src/fleet.ts';

export interface Tallies {
  count(crawl: string, field: 'retries' | 'postponed'): void;
  flush(): Promise<void>;
}

export function createTallies(fleet: Fleet): Tallies {
  let counts = new Map<string, number>();
  return {
    count(crawl, field) {
      const name = `${field} ${crawl}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    },
    async flush() {
      if (counts.size === 0) return;
      const taken = counts;
      counts = new Map();
      const written = [...taken].map(([name, count]) => {
        const [field = '', crawl = ''] = name.split(' ');
        return countInCrawl(fleet, crawl, field, count);
      });
      await Promise.all(written);
    },
  };
}
