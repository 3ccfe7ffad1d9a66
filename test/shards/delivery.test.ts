// Links on their way from one shard to another, and the end of a crawl: what a process leaves that dies
// between two steps, and what several do at a time.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { alignParts, endFinishedCrawls, endIfDone } from '../../src/crawl/shards/end.ts';
import { type Fleet, holdShards, homeOf } from '../../src/fleet.ts';
import { pauseHost } from '../../src/frontier/hosts.ts';
import { sweepLinks } from '../../src/frontier/shards/links-out.ts';
import { steer, steerPart } from '../../src/frontier/steer.ts';
import {
  type EndingPage,
  endPage,
  endPages,
  openAll,
  pagesOn,
  shardedCrawl,
  without,
} from '../support/fleets/shards.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets({ args: ['--appendfsync', 'no'] });

async function openFour(): Promise<readonly [Fleet, Fleet, Fleet, Fleet]> {
  const { fleet } = await fleets.open({ DROVER_SHARDS: '4' });
  return fleet.shards as unknown as readonly [Fleet, Fleet, Fleet, Fleet];
}

const inOutbox = ({ redis, keys }: Fleet, shard: number) => redis.xlen(keys.linksOut(shard));

/** A page of shard 1 has led to one of shard 2 and one of shard 3, and its process died before they went. */
async function leftInOutbox(t: TestContext) {
  const [home, one, two, three] = await openFour();
  const crawl = await shardedCrawl(home);
  await crawl.offer(pagesOn(one, 1));
  await crawl.leave();
  const [page] = await openAll(one);
  assert.ok(page);
  const dying = without(home, [2, 3]).shards[1] as Fleet;
  const links = [...pagesOn(two, 1), ...pagesOn(three, 1)];
  const { ended, errors } = await endPage(dying, crawl.crawl, page, links);
  assert.equal(ended, 'done');
  await until(() => errors.length > 0, { what: 'the links to fail' });
  t.diagnostic(String(errors[0]));
  assert.deepEqual([await inOutbox(one, 2), await inOutbox(one, 3)], [1, 1]);
  return { home, one, two, three, ...crawl };
}

test('a crawl whose links nobody has delivered does not end, and the sweep of any process delivers them', async (t) => {
  const { home, one, two, three, crawl, counts } = await leftInOutbox(t);
  for (let look = 0; look < 3; look++) await endFinishedCrawls(home);
  const before = await counts();
  assert.deepEqual([before.state, before.accepted, before.recorded], ['running', 1, 1]);
  assert.equal(await sweepLinks(one), 0, 'what was put there just now is left to who put it there');
  await until(async () => (await sweepLinks(one)) === 2, { what: 'the links to be left over', everyMs: 200 });
  assert.equal(await endIfDone(home, crawl), false, 'they wait on their shards');
  for (const shard of [two, three])
    for (const page of await openAll(shard)) await endPage(shard, crawl, page);
  await until(() => endIfDone(home, crawl), { what: 'the links to be acknowledged', everyMs: 50 });
  const after = await counts();
  assert.deepEqual([after.state, after.accepted, after.recorded], ['finished', 3, 3]);
});

test('the links of pages that end together go together, without those of a page that another consumer has', async () => {
  const [home, one, two, three] = await openFour();
  const { crawl, ...rest } = await shardedCrawl(home);
  await rest.offer(pagesOn(one, 3));
  await rest.leave();
  const [first, second, lost] = (await openAll(one)) as [EndingPage, EndingPage, EndingPage];
  const dying = without(home, [2, 3]).shards[1] as Fleet;
  const links = [
    [...pagesOn(two, 2), ...pagesOn(one, 1, 10), ...pagesOn(three, 1)],
    [...pagesOn(three, 1, 1), ...pagesOn(two, 2, 1)],
    pagesOn(two, 1, 20),
  ];
  const pages = [first, second, { ...lost, claim: 7 }].map((page, at) => ({
    ...page,
    links: links[at] ?? [],
  }));
  const { ended, errors } = await endPages(dying, crawl, pages);
  assert.deepEqual(ended, ['done', 'done', 'taken']);
  await until(() => errors.length > 0, { what: 'the links to fail' });
  assert.deepEqual([await inOutbox(one, 2), await inOutbox(one, 3), await rest.field(1, 'out')], [1, 1, '2']);
  await until(async () => (await sweepLinks(one)) === 2, { what: 'the links to be left over', everyMs: 200 });
  const arrived = async (shard: Fleet) => (await openAll(shard)).map(({ url }) => url).sort();
  assert.deepEqual(await arrived(two), pagesOn(two, 3));
  assert.deepEqual(await arrived(three), pagesOn(three, 2));
  await until(async () => (await rest.field(1, 'out')) === '0', { what: 'the links to be acknowledged' });

  // The same from a process that reaches all shards: it delivers exactly what it has put there.
  const again = [...pagesOn(two, 1, 20), ...pagesOn(three, 1, 20)];
  const [own] = await openAll(one);
  assert.ok(own);
  const good = await endPages(one, crawl, [
    { ...own, links: again },
    { ...lost, links: pagesOn(two, 1, 21) },
  ]);
  assert.deepEqual(good.ended, ['done', 'done']);
  await until(async () => (await rest.field(1, 'out')) === '0', { what: 'these to be acknowledged' });
  assert.deepEqual(await arrived(two), pagesOn(two, 2, 20));
  assert.deepEqual(await arrived(three), pagesOn(three, 1, 20));
  assert.deepEqual(good.errors, []);
});

test('a shard whose links do not arrive gives no more requests until they do', async () => {
  const [home, one] = await openFour();
  const crawl = await shardedCrawl(home);
  await crawl.offer(pagesOn(one, 2));
  const { redis, keys } = one;
  await redis.hset(keys.crawl(crawl.crawl), 'out', 20_000);
  assert.deepEqual(await openAll(one), []);
  await redis.hset(keys.crawl(crawl.crawl), 'out', 19_999);
  assert.equal((await openAll(one)).length, 2);
});

test('a shard that cannot be reached does not keep the links to the others back', async (t) => {
  const { home, one, three } = await leftInOutbox(t);
  const without2 = without(home, [2]).shards[1] as Fleet;
  await until(
    () =>
      sweepLinks(without2).then(
        () => false,
        () => true,
      ),
    { what: 'a sweep', everyMs: 100 },
  );
  await until(async () => (await inOutbox(one, 3)) === 0 || sweepLinks(without2).catch(() => false), {
    what: 'the links to shard 3',
    everyMs: 100,
  });
  assert.equal(await inOutbox(one, 2), 1);
  assert.equal((await openAll(three)).length, 1);
});

test('links that were put there before the clock of Redis went back are delivered all the same', async (t) => {
  const { one, two } = await leftInOutbox(t);
  const { redis } = one;
  const outbox = one.keys.linksOut(2);
  const [[id = '', fields = []] = []] = await redis.xrange(outbox, '-', '+');
  await redis.xdel(outbox, id);
  await redis.xadd(outbox, `${Date.now() + 3_600_000}-0`, ...fields);
  await sweepLinks(one);
  assert.equal(await inOutbox(one, 2), 0);
  assert.equal((await openAll(two)).length, 1);
});

test('links that arrive while their crawl is paused wait until it goes on', async () => {
  const [home, one, two] = await openFour();
  const { crawl, ...rest } = await shardedCrawl(home);
  await rest.offer(pagesOn(one, 1));
  await rest.leave();
  const [page] = await openAll(one);
  assert.ok(page);
  await steer(home, crawl, 'pause');
  await endPage(one, crawl, page, pagesOn(two, 1));
  await until(async () => (await inOutbox(one, 2)) === 0, { what: 'the links to arrive' });
  await endFinishedCrawls(home);
  for (const shard of home.shards.slice(1)) await alignParts(shard);
  assert.equal((await rest.counts()).state, 'paused');
  assert.deepEqual(await openAll(two), [], 'nothing of it is handed out');
  await steer(home, crawl, 'resume');
  assert.equal(await endIfDone(home, crawl), false);
  const [link] = await openAll(two);
  assert.ok(link);
  await endPage(two, crawl, link);
  await endFinishedCrawls(home);
  assert.equal((await rest.counts()).state, 'finished');
});

test('a part that is paused while nothing of it waits looks different to who looks whether all has ended', async () => {
  const [home, one] = await openFour();
  const { crawl, field } = await shardedCrawl(home);
  const before = await field(1, 'epoch');
  await steerPart(one, crawl, 'pause');
  await steerPart(one, crawl, 'resume');
  assert.equal(await field(1, 'state'), 'finished');
  assert.notEqual(await field(1, 'epoch'), before);
});

test('what was cancelled with links on their way stays cancelled, and nothing of it is left waiting', async (t) => {
  const { home, one, two, crawl, counts } = await leftInOutbox(t);
  await steer(home, crawl, 'cancel');
  await until(async () => (await sweepLinks(one)) > 0, { what: 'the links to be left over', everyMs: 200 });
  assert.deepEqual([await inOutbox(one, 2), (await openAll(two)).length], [0, 0]);
  const { state, accepted } = await counts();
  assert.deepEqual([state, accepted], ['cancelled', 1]);
});

test('a crawl that has ended is not woken by who saw one of its parts a moment before', async () => {
  const [home, one] = await openFour();
  const { crawl, offer, leave, counts } = await shardedCrawl(home);
  await offer(pagesOn(one, 1));
  await leave();
  const [page] = await openAll(one);
  assert.ok(page);
  await endPage(one, crawl, page);
  assert.equal(await endIfDone(home, crawl), true);
  // As it stood when the other process listed what is active there.
  await one.redis.zadd(one.keys.activeCrawls, 0, crawl);
  await alignParts(one);
  assert.equal((await counts()).state, 'finished');
});

test('a producer that was frozen for longer than its lease wakes the crawl with what it still offers', async () => {
  const [home, , two] = await openFour();
  const { crawl, offer, leave, counts } = await shardedCrawl(home);
  const { redis, keys } = home;
  await redis.zadd(keys.producers(crawl), 1, 'p');
  assert.equal(await endIfDone(home, crawl), true);
  await offer(pagesOn(two, 1));
  await alignParts(two);
  assert.equal((await counts()).state, 'running');
  assert.equal(await endIfDone(home, crawl), false);
  const [page] = await openAll(two);
  assert.ok(page);
  await endPage(two, crawl, page);
  await leave();
  const { state, recorded } = await counts();
  assert.deepEqual([state, recorded], ['finished', 1]);
});

test('a producer that begins while the others have left keeps the crawl open, whoever looks', async () => {
  const [home] = await openFour();
  const first = await shardedCrawl(home, {}, 'first');
  const second = await shardedCrawl(home, {}, 'second');
  await first.leave();
  await endFinishedCrawls(home);
  assert.equal((await second.counts()).state, 'running');
  await second.leave();
  assert.equal((await second.counts()).state, 'finished');
});

test('a process that knows another number of shards than the namespace got meanwhile does nothing there', async () => {
  const { fleet, namespace } = await fleets.open();
  const { redis } = fleet;
  const two = homeOf([redis, redis], namespace);
  const one = homeOf([redis], namespace);
  await holdShards(two);
  await holdShards(two);
  await assert.rejects(holdShards(one), { code: 'E_SHARDS', message: /has got 2, and had 1/ });
  await assert.rejects(shardedCrawl(one), { code: 'E_SHARDS' });
  await assert.rejects(pauseHost(one, 'a.example', 1000), { code: 'E_SHARDS' });
});
