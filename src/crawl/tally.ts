// Counts something of a crawl on which nothing depends.
import type { Fleet } from '../fleet.ts';
import { defineScript } from '../scripts.ts';

interface Tally {
  crawl: string;
  field: string;
  count: number;
}

const tallyScript = defineScript({
  path: 'crawl/lua/tally.lua',
  key: (keys, { crawl }: Tally) => keys.crawl(crawl),
  args: ({ crawl, field, count }: Tally) => [crawl, field, count],
  answer: () => undefined,
});

/** Raises a counter of the crawl; of a crawl that is not known (any more), nothing. Atomic. */
export function countInCrawl(fleet: Fleet, crawl: string, field: string, count: number): Promise<void> {
  return fleet.run(tallyScript, { crawl, field, count });
}
