// Counts that nothing depends on (retries, postponed): gathered here and written once a second, outside the hot path.
import { crawlKey } from '../src/frontier/keys.ts';
import type { Redis } from '../src/redis.ts';

export interface Tallies {
  count(crawl: string, field: 'retries' | 'postponed'): void;
  flush(): Promise<void>;
}

export function createTallies(redis: Redis, namespace: string): Tallies {
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
      const pipeline = redis.pipeline();
      for (const [name, count] of taken) {
        const [field = '', crawl = ''] = name.split(' ');
        pipeline.hincrby(crawlKey(namespace, crawl), field, count);
      }
      await pipeline.exec();
    },
  };
}
