// What a crawl keeps of its seeds: which of them, how often, and how much.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CrawlSettings, crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { API_CRAWL, beginCrawl } from '../../src/crawl/crawl.ts';
import type { Fleet } from '../../src/fleet.ts';
import { offer } from '../../src/frontier/offer.ts';
import type { RequestInput } from '../../src/request.ts';
import { keptSeeds } from '../../src/seeds/kept.ts';
import { type OfferedLine, offerSeeds } from '../../src/seeds/offer.ts';
import { withSitemaps } from '../../src/seeds/sitemaps.ts';
import { sharedApi } from '../support/api/api.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();
const serve = sharedApi(fleets);

async function begin(fleet: Fleet, given: Partial<CrawlSettings> = {}) {
  const settings = { ...crawlSettings(defaultSettings), ...given };
  await beginCrawl(fleet, { name: 'c', producer: 'p', settings, seeds: '' });
  return (inputs: readonly (RequestInput | string)[]) =>
    offerSeeds({
      ...{ fleet, crawl: 'c', producer: 'p', keepSeeds: settings.keepSeeds > 0, stopped: () => false },
      lines: withSitemaps(linesOf(inputs), settings, {}),
      onBadLine: ({ failure }) => assert.fail(failure.message),
    });
}

async function* linesOf(inputs: readonly (RequestInput | string)[]): AsyncGenerator<OfferedLine> {
  for (const [at, input] of inputs.entries())
    yield { source: 'test', line: at + 1, input: typeof input === 'string' ? { url: input } : input };
}

async function keptOf(fleet: Fleet, rules = {}): Promise<OfferedLine[]> {
  const lines: OfferedLine[] = [];
  for await (const line of keptSeeds(fleet, 'c', rules)) lines.push(line);
  return lines;
}
const urlsOf = (lines: readonly OfferedLine[]) =>
  lines.map((line) => ('input' in line ? line.input.url : line.failure.code));
const page = (at: number) => `https://shop.example/p/${at}`;
const pages = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => page(from + index));

test('seeds are kept with all their fields and in their order; links and what a setting adds are not', async () => {
  const { fleet } = await fleets.open();
  const add = await begin(fleet, { sitemap: ['https://shop.example/all.xml', 'auto'] });
  const own: RequestInput = {
    ...{ url: page(1), method: 'POST', body: 'q=\u00e9', headers: { 'x-a': '1' }, label: 'list' },
    ...{ userData: { row: 7 }, priority: 5, depth: 2, limiter: { key: 'partner', max: 5, durationMs: 1000 } },
  };
  const listed: RequestInput = { url: page(2), sitemap: { host: 'shop.example' } };
  await add([own, page(3), listed]);
  await offer(fleet, 'c', [{ url: page(4), depth: 1, referrer: page(3), extras: null }]);
  const kept = await keptOf(fleet);
  assert.deepEqual(
    kept.map((line) => ('input' in line ? line.input : line)),
    [own, { url: page(3) }, listed],
  );
  assert.equal(kept[2]?.source, 'seeds of c');
});

test('what was offered before is not kept again; of a list with few new lines, the new ones are', async () => {
  const { fleet } = await fleets.open();
  const add = await begin(fleet);
  const bytes = () => fleet.redis.strlen(fleet.keys.seeds('c'));
  await add(pages(0, 1200));
  assert.deepEqual(urlsOf(await keptOf(fleet)), pages(0, 1200));
  const before = await bytes();
  assert.ok(before < 1200 * 10, `${before}`);
  await add(pages(0, 1200));
  assert.equal(await bytes(), before);
  const other: RequestInput = { url: 'http://other.example/', label: 'new', headers: { 'x-a': '1' } };
  await add([...pages(0, 300), page(7000), other, page(7001), ...pages(300, 450)]);
  assert.ok((await bytes()) < before + 200, `${before} ${await bytes()}`);
  const kept = await keptOf(fleet);
  assert.deepEqual(urlsOf(kept).slice(0, 1200), pages(0, 1200));
  assert.deepEqual(urlsOf(kept).slice(1200).toSorted(), [other.url, page(7000), page(7001)]);
  const again = kept.find((line) => 'input' in line && line.input.url === other.url);
  assert.deepEqual(again && 'input' in again && again.input, other);
});

test('a crawl that ends up with more seeds than it may keep keeps none, and takes no more', async () => {
  const { fleet } = await fleets.open();
  const add = await begin(fleet, { keepSeeds: 1000 });
  await add(pages(0, 400));
  assert.equal((await keptOf(fleet)).length, 400);
  await add(pages(1000, 2400));
  await add(pages(3000, 3100));
  assert.equal(await fleet.redis.exists(fleet.keys.seeds('c')), 0);
  assert.equal(await fleet.redis.hget(fleet.keys.crawl('c'), 'keepSeeds'), '0');
});

test('none are kept with --keep-seeds 0, of a crawl of a former version, and of the nameless crawl of the API', async () => {
  const none = await fleets.open();
  await (await begin(none.fleet, { keepSeeds: 0 }))(pages(0, 3));
  const former = await fleets.open();
  const add = await begin(former.fleet);
  await former.fleet.redis.hdel(former.fleet.keys.crawl('c'), 'keepSeeds');
  await add(pages(0, 3));
  for (const { fleet } of [none, former]) assert.equal(await fleet.redis.exists(fleet.keys.seeds('c')), 0);

  const { fleet, call } = await serve();
  for (const query of ['', '?crawl=c']) {
    const { status } = await call('POST', `/v1/requests${query}`, { body: ['https://shop.example/'] });
    assert.equal(status, 200);
  }
  assert.equal(await fleet.redis.exists(fleet.keys.seeds(API_CRAWL)), 0);
  assert.deepEqual(urlsOf(await keptOf(fleet)), ['https://shop.example/']);
});

test('kept seeds come again under the rules of whoever reads them', async () => {
  const { fleet } = await fleets.open();
  await (await begin(fleet))([
    'https://shop.example/?utm_source=x&a=1',
    `https://shop.example/${'x'.repeat(90)}`,
  ]);
  const rules = { stripParams: ['utm_*'], maxLength: 60 };
  assert.deepEqual(urlsOf(await keptOf(fleet, rules)), ['https://shop.example/?a=1', 'E_URL_TOO_LONG']);
});

test('many seeds are read in pieces, and forgetting the crawl meanwhile is an error', async () => {
  const { fleet } = await fleets.open();
  const add = await begin(fleet);
  const long = Array.from({ length: 3000 }, (_, at) => ({
    url: page(at),
    userData: crypto.getRandomValues(Buffer.alloc(150)).toString('hex'),
  }));
  await add(long);
  assert.ok((await fleet.redis.strlen(fleet.keys.seeds('c'))) > 300_000);
  assert.equal((await keptOf(fleet)).length, 3000);
  const reading = keptSeeds(fleet, 'c', {});
  await reading.next();
  await fleet.redis.del(fleet.keys.seeds('c'));
  await assert.rejects(async () => {
    for await (const _line of reading);
  }, /c was forgotten while its seeds were read/);
});
