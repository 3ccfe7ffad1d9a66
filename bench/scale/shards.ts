// The shards of the simulated fleet, spread over the Redis processes: a crawl has a part on each, and a
// limiter key belongs to one.
import { type CrawlSettings, crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl } from '../../src/crawl/crawl.ts';
import { type Fleet, fleetOf } from '../../src/fleet.ts';
import { packBatchEntry } from '../../src/frontier/entry.ts';
import { BATCH, offerList, seedOffer } from '../../src/frontier/offer.ts';
import { namespaceOf } from '../../src/keys.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import type { Request } from '../../src/request.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { hostDrawn, mixed, pageUrl, TIMED_HOSTS, type Web } from './web.ts';

/** The id of the crawl, on every shard. */
export const SCALE_CRAWL = 'scale';

export interface ShardSet {
  /** The shards, in order. */
  fleets: Fleet[];
  /** Of each Redis process, in the order of its addresses. */
  connections: Redis[];
}

/** Connects to all Redis processes. Shard number k is on process k modulo their number. */
export function openShards(urls: readonly string[], shards: number): ShardSet {
  const connections = urls.map((url) => connectRedis({ url }, 'script'));
  const fleets = Array.from({ length: shards }, (_, shard) =>
    fleetOf(connections[shard % connections.length] as Redis, namespaceOf(`scale-${shard}`)),
  );
  return { fleets, connections };
}

/** The number of the shard to which a limiter key belongs. */
export function shardOfKey(key: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 16)) & (shards - 1);
}

/** Begins the crawl on each shard and offers its seeds, the pages number 0 to `seeds` - 1. */
export async function beginOnShards(
  fleets: readonly Fleet[],
  { web, seeds, delayMs }: { web: Web; seeds: number; delayMs: number },
): Promise<void> {
  const hosts: CrawlSettings['hosts'] = web.timed > 0 ? { [TIMED_HOSTS]: { delay: delayMs } } : {};
  const settings = { ...crawlSettings(defaultSettings), hosts, maxFrontier: Number.MAX_SAFE_INTEGER };
  const requests = Array.from({ length: seeds }, (_, number): Request => {
    const host = hostDrawn(mixed(number, 7) / 2 ** 32, web.hosts);
    return { url: pageUrl({ number, host }, web), depth: 0, referrer: null, extras: null };
  });
  const ofShard = Map.groupBy(requests, ({ url }) => shardOfKey(limiterKeyOf(url), fleets.length));
  for (const [shard, fleet] of fleets.entries()) {
    const given = { name: SCALE_CRAWL, producer: 'simulator', settings, seeds: '-' };
    await beginCrawl(fleet, given);
    const own = ofShard.get(shard) ?? [];
    for (let at = 0; at < own.length; at += BATCH) {
      const some = own.slice(at, at + BATCH);
      await seedOffer(fleet, SCALE_CRAWL, some, some)();
    }
  }
}

export interface Outbox {
  /** A link to a page of another shard. */
  add(shard: number, request: Request): void;
  /** Delivers all that was added. Resolves with the number of calls. */
  deliver(): Promise<number>;
}

/**
 * The links of one shard to the others. They are offered to the other shard as a producer does it: in one
 * atomic, idempotent call for up to BATCH of them.
 */
export function createOutbox(fleets: readonly Fleet[]): Outbox {
  let lists: string[][] = fleets.map(() => []);
  return {
    add(shard, request) {
      lists[shard]?.push(packBatchEntry(request, ''));
    },
    async deliver() {
      const taken = lists;
      lists = fleets.map(() => []);
      const offers = taken.flatMap((entries, shard) =>
        Array.from({ length: Math.ceil(entries.length / BATCH) }, (_, index) => {
          const list = entries.slice(index * BATCH, (index + 1) * BATCH).join('');
          return offerList(fleets[shard] as Fleet, SCALE_CRAWL, list);
        }),
      );
      await Promise.all(offers);
      return offers.length;
    },
  };
}
