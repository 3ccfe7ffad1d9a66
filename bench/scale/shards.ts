// The fleet of a simulation: its shards are spread over several Redis processes, as they are over the nodes
// of a Cluster.
import { type CrawlSettings, crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl } from '../../src/crawl/crawl.ts';
import { type Fleet, homeOf } from '../../src/fleet.ts';
import { BATCH, seedOffer } from '../../src/frontier/offer.ts';
import { namespaceOf } from '../../src/keys.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import type { Request } from '../../src/request.ts';
import { hostDrawn, mixed, pageUrl, TIMED_HOSTS, type Web } from './web.ts';

/** The id of the crawl. */
export const SCALE_CRAWL = 'scale';

/** The home of the fleet whose shard number k is on the Redis process number k modulo their number. */
export function openShards(urls: readonly string[], shards: number): Fleet {
  const connections = urls.map((url) => connectRedis({ url }, 'script'));
  const ofShards = Array.from({ length: shards }, (_, shard) => connections[shard % urls.length] as Redis);
  return homeOf(ofShards, namespaceOf('scale'));
}

/** Begins the crawl and offers its seeds, the pages number 0 to `seeds` - 1. */
export async function beginScaleCrawl(
  home: Fleet,
  { web, seeds, delayMs }: { web: Web; seeds: number; delayMs: number },
): Promise<void> {
  const hosts: CrawlSettings['hosts'] = web.timed > 0 ? { [TIMED_HOSTS]: { delay: delayMs } } : {};
  const settings = { ...crawlSettings(defaultSettings), hosts, maxFrontier: Number.MAX_SAFE_INTEGER };
  await beginCrawl(home, { name: SCALE_CRAWL, producer: 'simulator', settings, seeds: '-' });
  for (let first = 0; first < seeds; first += BATCH) {
    const requests = Array.from({ length: Math.min(BATCH, seeds - first) }, (_, index): Request => {
      const number = first + index;
      const host = hostDrawn(mixed(number, 7) / 2 ** 32, web.hosts);
      return { url: pageUrl({ number, host }, web), depth: 0, referrer: null, extras: null };
    });
    await seedOffer(home, SCALE_CRAWL, requests, requests)();
  }
}
