import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { ActiveJob, ConsumerContext } from '../../../consumers/context.ts';
import { followLinks } from '../../../consumers/follow/follow-links.ts';
import { KnownLinks } from '../../../consumers/follow/known-links.ts';
import { defaultSettings, type Settings } from '../../../src/config/settings.ts';
import { createScope } from '../../../src/crawl/scope.ts';
import type { Request } from '../../../src/request.ts';
import { limiterKeyOf } from '../../../src/url/host.ts';

interface Found {
  requests: Request[];
  leftOut: Record<string, number>;
}

type Page = Partial<Request> & { url: string };

/** At most one part of links, with which nothing is offered before the commit. */
async function followed(
  page: Page,
  links: string[],
  changes: Partial<Settings> = {},
  from = page.url,
): Promise<Found> {
  const settings = { ...defaultSettings, ...changes };
  const request: Request = { depth: 0, referrer: null, extras: null, ...page };
  const loadedCrawl = { settings, scope: createScope(settings) };
  const job = { request, laneKey: limiterKeyOf(request.url), loadedCrawl } as unknown as ActiveJob;
  const context = { knownLinks: new KnownLinks(), fleet: { shards: [{}] } } as unknown as ConsumerContext;
  const next = await followLinks(context, job, { links, from }, 0);
  const entries = next?.links.split('\x1e').slice(0, -1) ?? [];
  return { requests: entries.map((entry) => requestOf(entry, job.laneKey)), leftOut: next?.leftOut ?? {} };
}

/** What src/frontier/entry.ts made of it. */
function requestOf(entry: string, ownKey: string): Request {
  const [, key = '', , , packed = ''] = entry.split('\x1d');
  const [, depth = '', shared, suffix = '', , target = ''] = packed.split('\x1f');
  const url = target.replace(
    /^[\x01\x02]/,
    (scheme) => `${scheme === '\x01' ? 'http' : 'https'}://${key || ownKey}`,
  );
  const [own, chain] = depth.split('~');
  const start = url.slice(0, Number(shared));
  return { url, depth: Number(own), referrer: start + suffix, extras: null, chain: Number(chain ?? 0) };
}

const chains = ({ requests }: Found) => requests.map(({ url, chain }) => `${url} ${chain}`);

test('links in scope become requests, one deeper, with their referrer; all others are counted by their reason', async () => {
  const links = [
    ...[
      'http://a/1',
      'http://a/x/y/x/y/x/y/x',
      'http://b/',
      'http://a/no',
      'http://b/2',
      'http://a/x/y/x/y/x',
    ],
  ];
  const found = await followed({ url: 'http://a/', depth: 4 }, links, { exclude: ['*/no'] });
  const request = { depth: 5, referrer: 'http://a/', extras: null, chain: 0 };
  assert.deepEqual(found.requests, [
    { url: 'http://a/1', ...request, chain: 1 },
    { url: 'http://a/x/y/x/y/x', ...request },
  ]);
  assert.deepEqual(found.leftOut, { E_SCOPE: 3, E_PATH_REPEATS: 1 });
  assert.deepEqual((await followed({ url: 'http://a/', depth: 4 }, links, { depth: 4 })).leftOut, {
    E_DEPTH: 6,
  });
});

test('session identifiers are taken off links, and one that leads to its own page is none; unless they are to be kept', async () => {
  const links = ['http://a/x;jsessionid=1', 'http://a/;jsessionid=2', 'http://a/y?PHPSESSID=3'];
  const urls = ({ requests }: Found) => requests.map(({ url }) => url);
  assert.deepEqual(urls(await followed({ url: 'http://a/' }, links)), ['http://a/x', 'http://a/y']);
  assert.deepEqual(urls(await followed({ url: 'http://a/' }, links, { keepSessionIds: true })), links);
});

test('of a seed, its scope is where it led; of any other page, its own URL', async () => {
  const links = ['http://a/1', 'http://b/1'];
  const seed = await followed({ url: 'http://a/' }, links, {}, 'http://b/');
  assert.deepEqual(chains(seed), ['http://b/1 2']);
  for (const depth of [0, 1]) {
    const page = { url: 'http://a/', depth, referrer: 'http://a/from' };
    assert.deepEqual(chains(await followed(page, links, {}, 'http://b/')), ['http://a/1 1']);
  }
});

test('a chain grows by two for links that differ in digits only and for other hosts, by one for other numbers; the rest keep it', async () => {
  const page = { url: 'http://a9/cal/11', chain: 4 };
  const links = [
    'http://a9/cal/12',
    'http://a9/about',
    'http://a9/day/7',
    'http://a9/day?of=7',
    'http://b/cal/11',
  ];
  const grown = ['http://a9/cal/12 6', 'http://a9/about 4', 'http://a9/day/7 5', 'http://a9/day?of=7 5'];
  const found = await followed(page, links, { scope: 'any' });
  assert.deepEqual(chains(found), [...grown, 'http://b/cal/11 6']);
  const half = await followed(page, links, { scope: 'any', maxChain: 2 });
  assert.deepEqual([chains(half), half.leftOut], [['http://a9/about 4'], { E_CHAIN: 4 }]);
  const more = await followed({ ...page, chain: 3 }, links, { scope: 'any', maxChain: 2 });
  assert.deepEqual(chains(more), ['http://a9/about 3', 'http://a9/day/7 4', 'http://a9/day?of=7 4']);
});

/**
 * All pages of a site that a crawl would fetch, in the order of its frontier, or null if they are more than
 * `most`.
 */
async function pagesOf(linksOf: (url: string) => string[], changes: Partial<Settings>, most: number) {
  const first: Page = { url: 'http://a/' };
  const seen = new Map<string, Page>([[first.url, first]]);
  for (const page of seen.values()) {
    if (seen.size > most) return null;
    const { requests } = await followed(page, linksOf(page.url), changes);
    for (const request of requests) if (!seen.has(request.url)) seen.set(request.url, request);
  }
  return [...seen.keys()];
}

const names = ['jan', 'feb', 'mar', 'apr'];

/**
 * Some views of the same time, each page leading to where the others show it and a little beyond; months
 * perhaps by their names.
 */
const calendar = fc
  .record({
    units: fc.array(fc.constantFrom(1, 2, 3, 5), { minLength: 1, maxLength: 4 }),
    beyond: fc.nat(2),
    steps: fc.subarray([1, -1]),
    named: fc.boolean(),
  })
  .map(({ units, beyond, steps, named }) => {
    const spell = (view: number, at: number) =>
      named && view === 0
        ? `http://a/months/${Math.floor(at / 4)}/${names[at % 4]}`
        : `http://a/view-${'abcd'[view]}/${at}`;
    const read = (url: string): [number, number] => {
      const [, view = '', at, name = ''] = /a\/(?:months|view-(.))\/(\d+)\/?(.*)$/.exec(url) ?? [];
      return view === '' ? [0, Number(at) * 4 + names.indexOf(name)] : ['abcd'.indexOf(view), Number(at)];
    };
    return (url: string): string[] => {
      if (url === 'http://a/') return [spell(0, 1000)];
      const [own, at] = read(url);
      const others = units.flatMap((unit, view) => {
        const start = Math.floor((at * unit) / (units[own] ?? 1));
        return view === own ? [] : Array.from({ length: beyond + 1 }, (_, more) => spell(view, start + more));
      });
      return [...others, ...steps.map((step) => spell(own, at + step))];
    };
  });

test('a calendar ends, whatever views it has and however they lead to one another', async () => {
  await fc.assert(
    fc.asyncProperty(calendar, async (linksOf) => {
      assert.notEqual(await pagesOf(linksOf, { maxChain: 5 }, 5000), null);
    }),
    { numRuns: 60 },
  );
});

test('hosts that lead to one another without end come to an end', async () => {
  const linksOf = (url: string) =>
    [`${url.replace('//', '//s.')}`, `${url}x`, `${url}y`].slice(0, url.endsWith('/') ? 3 : 0);
  const pages = await pagesOf(linksOf, { scope: 'any', maxChain: 6 }, 100);
  assert.equal(pages?.length, 3 * 7);
});

test('whatever a site is like, what is fewer links away from a seed than --max-chain is never taken for the end of a row', async () => {
  const page = fc.integer({ min: 0, max: 12 });
  const urlOf = (index: number) =>
    index === 0 ? 'http://a/' : index % 4 === 3 ? `http://b/${index}` : `http://a/p/${index}`;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(page, page)), async (links) => {
      const linksOf = (url: string) =>
        links.filter(([from]) => urlOf(from) === url).map(([, to]) => urlOf(to));
      const all = await pagesOf(linksOf, { scope: 'any', maxChain: 1000 }, 100);
      assert.deepEqual(await pagesOf(linksOf, { scope: 'any', maxChain: 12 }, 100), all);
    }),
  );
});

test('an archive of as many pages as --max-chain is followed whole, with all that its pages lead to', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (length) => {
      const linksOf = (url: string) => {
        const page = Number(/\/page\/(\d+)$/.exec(url)?.[1] ?? 0);
        if (page === 0) return url === 'http://a/' ? ['http://a/page/1'] : [];
        const items = [`http://a/item/${page}`, `http://a/photo/${page}.jpg`];
        return page < length ? [...items, `http://a/page/${page + 1}`] : items;
      };
      assert.equal((await pagesOf(linksOf, { maxChain: length }, 1000))?.length, 1 + 3 * length);
    }),
  );
});
