// --limit and --max-per-host over several shards: exact, whatever dies between the steps of a grant, and
// however often the settings change.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Settings } from '../../src/config/settings.ts';
import { endFinishedCrawls } from '../../src/crawl/shards/end.ts';
import { reserveSpending } from '../../src/crawl/spending.ts';
import type { Fleet } from '../../src/fleet.ts';
import { settleParked } from '../../src/frontier/shards/grants.ts';
import { endPage, openAll, pagesOn, shardedCrawl, without } from '../support/fleets/shards.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets({ args: ['--appendfsync', 'no'] });

async function begin(given: Partial<Settings>) {
  const { fleet: home } = await fleets.open({ DROVER_SHARDS: '4' });
  const shards = home.shards as unknown as readonly [Fleet, Fleet, Fleet, Fleet];
  return { home, shards, ...(await shardedCrawl(home, given)) };
}

const price = (micros: number) => ({ micros, currency: 'USD' });
const accepted = async (crawl: { counts(): Promise<{ accepted: number }> }) =>
  (await crawl.counts()).accepted;

test('what many offer at a time is accepted up to the limit, exactly, and the rest is told to be over it', async () => {
  const crawl = await begin({ limit: 50 });
  const batches = crawl.shards.flatMap((shard) =>
    [0, 1, 2, 3].map((batch) => crawl.offer(pagesOn(shard, 10, 10 * batch))),
  );
  const offered = await Promise.all(batches);
  const sum = (name: 'added' | 'overLimit') => offered.reduce((all, one) => all + (one?.[name] ?? 0), 0);
  assert.deepEqual([await accepted(crawl), sum('added'), sum('overLimit')], [50, 50, 110]);
  assert.equal((await crawl.counts()).leftOut.E_LIMIT, undefined, 'seeds are no links');
});

test('a process that dies when home has granted, before its shard knows, costs nothing of the limit', async () => {
  const crawl = await begin({ limit: 10 });
  const [home, one, two] = crawl.shards;
  // Shard 1 has parked them when the first process dies.
  await assert.rejects(offerFrom(without(home, [0]), pagesOn(one, 4)));
  assert.equal(await crawl.field(1, 'parked'), '4');
  // Home has granted, and the second one died.
  const { redis, keys } = home;
  await redis.hset(keys.crawl(crawl.crawl), 'g:1', 4, 'grantedSum', 4);
  await crawl.offer(pagesOn(two, 20));
  await endFinishedCrawls(home);
  const counts = await crawl.counts();
  assert.deepEqual([counts.accepted, await crawl.field(1, 'accepted')], [10, '4']);
  assert.equal((await openAll(one)).length, 4);
});

/** As a producer that sees the fleet so. */
async function offerFrom(fleet: Fleet, urls: readonly string[]): Promise<void> {
  const { offer } = await import('../../src/frontier/offer.ts');
  await offer(
    fleet,
    'c',
    urls.map((url) => ({ url, depth: 0, referrer: null, extras: null })),
  );
}

test('links over the limit are counted, whether they were dropped after they were parked or never parked', async () => {
  const crawl = await begin({ limit: 3 });
  const [home, one, two, three] = crawl.shards;
  await crawl.offer(pagesOn(one, 1));
  const [page] = await openAll(one);
  assert.ok(page);
  await endPage(one, crawl.crawl, page, [...pagesOn(one, 4, 1), ...pagesOn(two, 4), ...pagesOn(three, 4)]);
  for (let look = 0; look < 100 && (await inOutboxes(one)) > 0; look++) await endFinishedCrawls(home);
  const { accepted: all, leftOut } = await crawl.counts();
  assert.deepEqual([all, leftOut.E_LIMIT], [3, 10]);
});

async function inOutboxes({ redis, keys }: Fleet): Promise<number> {
  const lengths = await Promise.all([0, 2, 3].map((shard) => redis.xlen(keys.linksOut(shard))));
  return lengths.reduce((sum, length) => sum + length);
}

test('a crawl that goes on with a greater limit accepts more, up to that', async () => {
  const crawl = await begin({ limit: 5 });
  for (const shard of crawl.shards) await crawl.offer(pagesOn(shard, 5));
  assert.equal(await accepted(crawl), 5);
  const more = await shardedCrawl(crawl.home, { limit: 12 });
  for (const shard of crawl.shards) await more.offer(pagesOn(shard, 5));
  assert.equal(await accepted(crawl), 12);
});

test('one that gets a limit when it goes on counts what it has accepted before', async () => {
  const crawl = await begin({});
  const [, one, two, three] = crawl.shards;
  await crawl.offer([...pagesOn(one, 6), ...pagesOn(two, 2)]);
  const limited = await shardedCrawl(crawl.home, { limit: 10 });
  await limited.offer(pagesOn(three, 20));
  await limited.offer(pagesOn(one, 20));
  assert.equal(await accepted(crawl), 10);
  const free = await shardedCrawl(crawl.home);
  await free.offer(pagesOn(two, 10));
  assert.equal(await accepted(crawl), 18);
  const again = await shardedCrawl(crawl.home, { limit: 20 });
  for (const shard of crawl.shards) await again.offer(pagesOn(shard, 30));
  assert.equal(await accepted(crawl), 20);
});

test('until home knows what was accepted before, nothing is granted; any process finds that out', async () => {
  const crawl = await begin({});
  const [home, one, two] = crawl.shards;
  await crawl.offer(pagesOn(one, 6));
  await shardedCrawl(home, { limit: 10 });
  // As if the process had died when home alone had the new settings.
  await home.redis.hdel(home.keys.crawl('c'), 'counted', 'g:1', 'grantedSum');
  await crawl.offer(pagesOn(two, 20));
  assert.equal(await accepted(crawl), 6);
  await endFinishedCrawls(home);
  await endFinishedCrawls(home);
  assert.equal(await accepted(crawl), 10);
});

test('a limit has nothing to do with what a crawl has paid', async () => {
  const crawl = await begin({ limit: 8 });
  const [home, one, two] = crawl.shards;
  const reserve = () => reserveSpending(home, { crawl: crawl.crawl, most: price(60), ceiling: price(100) });
  assert.equal(await reserve(), true);
  await crawl.offer(pagesOn(home, 4));
  assert.equal(await accepted(crawl), 4);
  await crawl.offer([...pagesOn(one, 10), ...pagesOn(two, 10)]);
  assert.equal(await accepted(crawl), 8);
  await crawl.offer(pagesOn(home, 4, 10));
  assert.equal(await reserve(), false, 'the first page has left 40 of 100');
});

test('--max-per-host holds beside --limit; what is dropped gives its place back', async () => {
  const crawl = await begin({ limit: 7, maxPerHost: 3 });
  const [, one, two, three] = crawl.shards;
  for (const shard of [one, two, three]) await crawl.offer(pagesOn(shard, 6));
  const each = await Promise.all([1, 2, 3].map((shard) => crawl.field(shard, 'accepted')));
  assert.deepEqual(each.map(Number).toSorted(), [1, 3, 3]);
  const more = await shardedCrawl(crawl.home, { limit: 100, maxPerHost: 3 });
  for (const shard of [one, two, three]) await more.offer(pagesOn(shard, 6));
  assert.equal(await accepted(crawl), 9);
});

test('a grant to a crawl that was forgotten meanwhile brings nothing of it back', async () => {
  const crawl = await begin({ limit: 2 });
  const [home, one] = crawl.shards;
  const keys = [home.keys.crawl('c'), one.keys.crawl('c')];
  await one.redis.hset(one.keys.crawl('c'), 'parked', 1);
  await home.redis.del(home.keys.crawl('c'));
  await settleParked(one, 'c');
  assert.equal(await home.redis.exists(keys[0] as string), 0);
});
