import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { ActiveJob, ConsumerContext } from '../../../consumers/context.ts';
import { followLinks } from '../../../consumers/follow/follow-links.ts';
import { KnownLinks } from '../../../consumers/follow/known-links.ts';
import { type CrawlSettings, defaultSettings } from '../../../src/config/settings.ts';
import { type LoadedCrawl, loadedCrawlOf } from '../../../src/crawl/loaded-crawl.ts';
import type { Request } from '../../../src/request.ts';
import { limiterKeyOf } from '../../../src/url/host.ts';

interface Site {
  seeds: readonly string[];
  /** The links of each page, by its URL. */
  links: ReadonlyMap<string, readonly string[]>;
  /** Where a page redirects to. */
  redirects: ReadonlyMap<string, string>;
  /** Pages that the process takes for one of very many alike. */
  endless: ReadonlySet<string>;
}

/** The request of an entry of packBatchEntry. */
function requestOf(entry: string, ownKey: string): Request {
  const [, key = '', , , packed = ''] = entry.split('\x1d');
  const [, depth = '', , , , target = ''] = packed.split('\x1f');
  const host = key || ownKey;
  const url = target.replace(/^[\x01\x02]/, (scheme) => `http${scheme === '\x01' ? '' : 's'}://${host}`);
  const [own, chain] = depth.split('~');
  return { url, depth: Number(own), referrer: '', extras: null, ...(chain ? { chain: Number(chain) } : {}) };
}

/**
 * Crawls the site as consumers and Redis do together. `accepts`: how many requests the crawl takes (--limit).
 * Returns what it has fetched, in order, what was left out by reason, and how many links were offered.
 */
async function crawled(site: Site, changes: Partial<CrawlSettings>, accepts: number, knownLinks: KnownLinks) {
  const loadedCrawl = loadedCrawlOf('c', 'c-1', { ...defaultSettings, ...changes });
  const seeds = site.seeds.map((url): Request => ({ url, depth: 0, referrer: null, extras: null }));
  const seen = new Map(seeds.map((seed) => [seed.url, seed]));
  const leftOut: Record<string, number> = {};
  const count = (code: string, number: number) => {
    leftOut[code] = (leftOut[code] ?? 0) + number;
  };
  let offered = 0;
  for (const request of seen.values()) {
    const job = { request, laneKey: limiterKeyOf(request.url), loadedCrawl } as unknown as ActiveJob;
    const links = site.links.get(request.url) ?? [];
    const loadedCrawls = { knowSeedHost: async () => undefined };
    const context = { knownLinks, loadedCrawls, fleet: { shards: [{}] } } as unknown as ConsumerContext;
    const page = { links, from: site.redirects.get(request.url) ?? request.url };
    const followed = await followLinks(context, job, page, 0, site.endless.has(request.url));
    let over = 0;
    for (const entry of followed?.links.split('\x1e').slice(0, -1) ?? []) {
      const link = requestOf(entry, job.laneKey);
      offered++;
      if (seen.has(link.url)) continue;
      if (seen.size < accepts) seen.set(link.url, link);
      else over++;
    }
    for (const [code, number] of Object.entries(followed?.leftOut ?? {})) count(code, number);
    if (over > 0) count('E_LIMIT', over);
    else knownLinks.add(loadedCrawl, followed?.fresh ?? []);
  }
  return { fetched: [...seen.values()], leftOut, offered };
}

/** Forgets each link at once: so all are looked at and offered. */
class Forgetful extends KnownLinks {
  override has(): boolean {
    return false;
  }
}

const url = fc.constantFrom(
  ...['http://a/', 'http://a/1', 'http://a/2', 'http://a/3', 'http://a/x', 'http://a/x;jsessionid=1'],
  ...['http://a/no', 'http://a/x/y/x/y/x/y/x', 'http://b/', 'http://b/7', 'https://a/', 'http://127.0.0.1/'],
);
const sites = fc.record({
  seeds: fc.uniqueArray(url, { minLength: 1, maxLength: 3 }),
  links: fc.array(fc.tuple(url, fc.uniqueArray(url, { maxLength: 8 })), { maxLength: 12 }),
  redirects: fc.array(fc.tuple(url, url), { maxLength: 2 }),
  endless: fc.subarray(['http://a/1', 'http://b/7']),
});
const settings = fc.record({
  scope: fc.constantFrom('host', 'origin', 'domain', 'any'),
  depth: fc.constantFrom(null, 1, 2, 5),
  maxChain: fc.constantFrom(1, 2, 500),
  keepSessionIds: fc.boolean(),
  checkExternal: fc.boolean(),
  exclude: fc.constantFrom<string[]>([], ['*/no']),
});

test('with known links, the same requests are accepted in the same order, and the same links are left out', async () => {
  await fc.assert(
    fc.asyncProperty(sites, settings, fc.integer({ min: 1, max: 14 }), async (drawn, changes, accepts) => {
      const site: Site = {
        seeds: drawn.seeds,
        links: new Map(drawn.links),
        redirects: new Map(drawn.redirects),
        endless: new Set(drawn.endless),
      };
      const all = await crawled(site, changes as Partial<CrawlSettings>, accepts, new Forgetful());
      const some = await crawled(site, changes as Partial<CrawlSettings>, accepts, new KnownLinks());
      assert.deepEqual([some.fetched, some.leftOut], [all.fetched, all.leftOut]);
      assert.ok(some.offered <= all.offered);
    }),
    { numRuns: 1000 },
  );
});

test('a link that all pages have is offered once', async () => {
  const pages = Array.from({ length: 50 }, (_, index) => `http://a/p${index}x`);
  const links = new Map(['http://a/', ...pages].map((page) => [page, pages]));
  const site: Site = { seeds: ['http://a/'], links, redirects: new Map(), endless: new Set() };
  // A page is no link of its own.
  assert.equal((await crawled(site, {}, 1000, new Forgetful())).offered, 50 + 50 * 49);
  const { fetched, offered } = await crawled(site, {}, 1000, new KnownLinks());
  assert.deepEqual([fetched.length, offered], [51, 50]);
});

const loaded = (): LoadedCrawl => loadedCrawlOf('c', 'c-1', defaultSettings);

test('known links belong to one crawl under one set of settings', () => {
  const known = new KnownLinks();
  const crawl = loaded();
  known.add(crawl, ['http://a/1']);
  assert.deepEqual([known.has(crawl, 'http://a/1'), known.has(loaded(), 'http://a/1')], [true, false]);
});

test('of very many links the newest are known, and those that are asked for again and again', () => {
  const known = new KnownLinks();
  const crawl = loaded();
  const link = (index: number) => `http://a/${'x'.repeat(100)}/${index}`;
  known.add(crawl, [link(0)]);
  for (let index = 1; index < 200_000; index++) {
    known.add(crawl, [link(index)]);
    if (index % 1000 === 0) known.has(crawl, link(0));
  }
  assert.ok(known.has(crawl, link(0)));
  const kept = Array.from({ length: 200_000 }, (_, index) => known.has(crawl, link(199_999 - index)));
  assert.ok(kept.slice(0, 10_000).every(Boolean));
  const count = kept.filter(Boolean).length;
  assert.ok(count < 30_000, `${count} are kept`);
});
