// A crawl over several shards without commands: what processes do to Redis, one step at a time.
import { crawlSettings, defaultSettings, type Settings } from '../../../src/config/settings.ts';
import { beginCrawl, leaveCrawl, readCounts } from '../../../src/crawl/crawl.ts';
import { type Fleet, homeOf, shardNumber } from '../../../src/fleet.ts';
import { claimRequest } from '../../../src/frontier/claim.ts';
import { createCommitter, type Ended } from '../../../src/frontier/commit.ts';
import { dispatch } from '../../../src/frontier/dispatch.ts';
import { packBatchEntry } from '../../../src/frontier/entry.ts';
import { offer } from '../../../src/frontier/offer.ts';
import { closeRedis, connectRedis, type Redis } from '../../../src/redis.ts';
import { unpackRequest } from '../../../src/request.ts';
import { limiterKeyOf } from '../../../src/url/host.ts';

/** The fleet as a process sees it that cannot reach some of its shards. */
export function without(fleet: Fleet, missing: readonly number[]): Fleet {
  const away = connectRedis({ url: 'redis://127.0.0.1:1' }, 'producer');
  closeRedis(away);
  const connections = fleet.shards.map(({ redis, shard }) => (missing.includes(shard) ? away : redis));
  return homeOf(connections as Redis[], fleet.namespace);
}

/** A host whose limiter key is on that shard of so many. */
export function hostOn(shard: number, shards: number): string {
  for (let at = 0; ; at++) if (shardNumber(`h${at}.example`, shards) === shard) return `h${at}.example`;
}

/** The URLs of that many pages of a host on this shard. */
export function pagesOn({ shard, shards }: Fleet, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, at) => `http://${hostOn(shard, shards.length)}/${from + at}`);
}

const requestOf = (url: string) => ({ url, depth: 0, referrer: null, extras: null });

/** Begins a crawl, or goes on with it, as a producer does. */
export async function shardedCrawl(fleet: Fleet, given: Partial<Settings> = {}, producer = 'p') {
  const settings = crawlSettings({ ...defaultSettings, perHost: 1000, ...given });
  const { id: crawl } = await beginCrawl(fleet, { name: 'c', producer, settings, seeds: '' });
  return {
    crawl,
    offer: (urls: readonly string[]) => offer(fleet, crawl, urls.map(requestOf)),
    leave: () => leaveCrawl(fleet, crawl, producer),
    counts: () => readCounts(fleet, crawl),
    field: (shard: number, name: string) => {
      const { redis, keys } = fleet.shards[shard] as Fleet;
      return redis.hget(keys.crawl(crawl), name);
    },
  };
}

/** What a shard hands over now. */
export async function openAll(shard: Fleet): Promise<{ id: string; url: string }[]> {
  const asked = { serve: '*', wanted: 1000, leaseMs: 5000, releases: [], arrived: [] };
  const { handed } = await dispatch(shard, asked);
  return handed.map(({ id, packed }) => ({ id, url: unpackRequest(packed).url }));
}

/** An open page that ends; `claim`: that under which it is open, unless this is given. */
export interface EndingPage {
  id: string;
  url: string;
  /** Where it leads. */
  links?: readonly string[];
  claim?: number;
}

/** Ends open pages in one call, as a process sees the fleet. `errors`: what was not delivered. */
export async function endPages(
  shard: Fleet,
  crawl: string,
  pages: readonly EndingPage[],
): Promise<{ ended: Ended[]; errors: unknown[] }> {
  const errors: unknown[] = [];
  const committer = createCommitter(shard, '', (error) => errors.push(error));
  const claims = await Promise.all(
    pages.map(async ({ id, claim }) => claim ?? (await claimRequest(shard, crawl, id)) ?? 0),
  );
  const ended = await Promise.all(
    pages.map(({ id, url, links = [] }, at) => {
      const key = limiterKeyOf(url);
      return committer.commit({
        ...{ crawl, id, claim: claims[at] as number, kind: 'recorded', key, status: 200, code: null },
        ...{ bytes: 1, reason: '', host: key, leftOut: {}, items: null },
        links: links.map((link) => packBatchEntry(requestOf(link), key)).join(''),
      });
    }),
  );
  return { ended, errors };
}

/** The same with one page that leads to these. */
export async function endPage(
  shard: Fleet,
  crawl: string,
  page: { id: string; url: string },
  links: readonly string[] = [],
): Promise<{ ended: Ended; errors: unknown[] }> {
  const { ended, errors } = await endPages(shard, crawl, [{ ...page, links }]);
  return { ended: ended[0] as Ended, errors };
}
