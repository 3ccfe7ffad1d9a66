import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { after, before } from 'node:test';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl, leaveCrawl, readCounts } from '../../src/crawl/crawl.ts';
import { fleetOf } from '../../src/fleet.ts';
import { createCommitter, type Ending } from '../../src/frontier/commit.ts';
import { dispatch, type Handed } from '../../src/frontier/dispatch.ts';
import { packBatchEntry } from '../../src/frontier/entry.ts';
import { BATCH, offer, offerList } from '../../src/frontier/offer.ts';
import { keysOf, namespaceOf } from '../../src/keys.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import { type Request, unpackRequest } from '../../src/request.ts';
import { fingerprint } from '../../src/url/fingerprint.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let redis: Redis;
before(async () => {
  server = await startTestRedis();
  redis = connectRedis({ url: server.url }, 'script');
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

const page = (url: string, extras: Request['extras'] = null): Request => ({
  url,
  depth: 0,
  referrer: null,
  extras,
});
const pages = (count: number, host = 'a.example') =>
  Array.from({ length: count }, (_, index) => page(`http://${host}/p/${index}`));

/** A crawl in a namespace of its own. */
async function crawl(changes: Partial<typeof defaultSettings> = {}) {
  const namespace = namespaceOf(`t${randomUUID().slice(0, 8)}`);
  const fleet = fleetOf(redis, namespace);
  const settings = crawlSettings({ ...defaultSettings, ...changes });
  const { id } = await beginCrawl(fleet, { name: 'c', producer: 'p', settings, seeds: '' });
  const dispatchOnce = (wanted: number, more: Partial<Parameters<typeof dispatch>[1]> = {}) =>
    dispatch(fleet, {
      serve: '*',
      wanted,
      leaseMs: 4000,
      releases: [],
      arrived: [],
      ...more,
    });
  const committer = createCommitter(fleet, '');
  const end = (handed: Handed, more: Partial<Ending> = {}) =>
    committer.commit({
      crawl: id,
      id: handed.id,
      claim: 0,
      kind: 'recorded',
      key: 'a.example',
      status: 200,
      code: null,
      bytes: 10,
      reason: '',
      links: '',
      leftOut: {},
      items: null,
      host: '',
      ...more,
    });
  return {
    fleet,
    namespace,
    id,
    dispatchOnce,
    end,
    key: keysOf(namespace).crawl(id),
    counts: () => readCounts(fleet, id),
  };
}

test('offering the same batch again changes nothing', async () => {
  const { fleet, id, counts } = await crawl();
  const first = await offer(fleet, id, pages(BATCH));
  assert.deepEqual(first, { added: BATCH, duplicates: 0, overLimit: 0 });
  const again = await offer(fleet, id, pages(BATCH));
  assert.deepEqual(again, { added: 0, duplicates: BATCH, overLimit: 0 });
  assert.equal((await counts()).accepted, BATCH);
});

test('the seen set grows over many buckets without forgetting, and stays in compact integer sets', async () => {
  const { fleet, id, key } = await crawl();
  const total = 20_000;
  const all = pages(total);
  for (let i = 0; i < total; i += BATCH) await offer(fleet, id, all.slice(i, i + BATCH));
  for (let i = 0; i < total; i += BATCH) {
    const again = await offer(fleet, id, all.slice(i, i + BATCH));
    assert.equal(again?.added, 0, `batch ${i} came in twice`);
  }
  const buckets = Number(await redis.hget(key, 'buckets'));
  let members = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    members += await redis.scard(`${key}:s:${bucket}`);
    assert.equal(await redis.object('ENCODING', `${key}:s:${bucket}`), 'intset');
  }
  assert.equal(members, total);
});

test('the few buckets of a young crawl stay compact too, whatever their first batches hash to', async () => {
  for (let young = 0; young < 30; young++) {
    const { fleet, id, key } = await crawl();
    const all = Array.from({ length: 2 * BATCH }, (_, n) => page(`http://a.example/${young}/${n}`));
    for (const first of [0, BATCH]) await offer(fleet, id, all.slice(first, first + BATCH));
    const buckets = Number(await redis.hget(key, 'buckets'));
    for (let bucket = 0; bucket < buckets; bucket++)
      assert.equal(await redis.object('ENCODING', `${key}:s:${bucket}`), 'intset', `crawl ${young}`);
  }
});

test('a request comes out of the frontier as it went in', async () => {
  const { fleet, id, dispatchOnce } = await crawl();
  const requests: Request[] = [
    { url: 'http://a.example/x?y=1', depth: 3, referrer: 'http://a.example/from', extras: null },
    {
      url: 'https://b.example:8443/',
      depth: 0,
      referrer: 'http://other.example/',
      extras: { label: 'l', method: 'POST', body: 'x' },
    },
    {
      url: 'https://a.example/s',
      depth: 1,
      referrer: 'https://a.example/s2',
      extras: { userData: { a: ['ü'] } },
    },
  ];
  await offer(fleet, id, requests);
  const { handed } = await dispatchOnce(10);
  const byUrl = new Map(handed.map((h) => [unpackRequest(h.packed).url, h]));
  for (const request of requests) {
    const out = byUrl.get(request.url);
    assert.ok(out, request.url);
    assert.deepEqual(unpackRequest(out.packed), request);
    assert.equal(
      out.id,
      fingerprint({ url: request.url, method: request.extras?.method, body: request.extras?.body }),
    );
  }
});

test('a host gets no more slots than its limit, and the next when one is given back', async () => {
  const { fleet, id, dispatchOnce } = await crawl({ perHost: 2 });
  await offer(fleet, id, pages(10));
  const first = await dispatchOnce(100);
  const granted = first.handed.filter(({ start }) => start === 'fetch');
  assert.equal(granted.length, 2);
  assert.ok(first.handed.length <= 3, 'one may go ahead of its slot');
  const arrived = first.handed.map((h) => `${h.crawl}.${h.id}`);
  assert.equal((await dispatchOnce(100, { arrived })).handed.length, 0);
  const [holder = ''] = granted.map((h) => `${h.crawl}.${h.id}`);
  const next = await dispatchOnce(100, { releases: [{ key: 'a.example', holder, server: '' }] });
  assert.equal(next.handed.filter(({ start }) => start === 'fetch').length, 1);
});

test('a host with very many waiting requests does not hold up another', async () => {
  const { fleet, id, dispatchOnce } = await crawl({ perHost: 100 });
  await offer(fleet, id, pages(BATCH));
  await dispatchOnce(5);
  await offer(fleet, id, pages(1, 'b.example'));
  const { handed } = await dispatchOnce(100 /* less the 5 that are on the hand-over list */);
  assert.ok(handed.some((h) => unpackRequest(h.packed).url.includes('b.example')));
});

test('what was handed over and never arrived is handed over again, what arrived is not', async () => {
  const { fleet, namespace, id, dispatchOnce, end } = await crawl({ perHost: 10 });
  await offer(fleet, id, pages(3));
  const { handed } = await dispatchOnce(10);
  assert.equal(handed.length, 3);
  const [arrived, ended, lost] = handed as [Handed, Handed, Handed];
  await end(ended);
  for (const h of handed) await redis.zadd(`${namespace}:hand-over`, 'XX', 1, `${h.crawl}.${h.id}`);
  const again = await dispatchOnce(10, { arrived: [`${arrived.crawl}.${arrived.id}`] });
  assert.deepEqual(
    again.handed.map((h) => h.id),
    [lost.id],
  );
});

test('ending a request twice, or under an older claim, changes nothing', async () => {
  const { fleet, id, dispatchOnce, end, key, counts } = await crawl({ perHost: 10 });
  await offer(fleet, id, pages(2));
  const [one, two] = (await dispatchOnce(10)).handed as [Handed, Handed];
  const links = packBatchEntry(
    { url: 'http://a.example/late', depth: 1, referrer: null, extras: null },
    'a.example',
  );
  assert.equal(await end(one), 'done');
  assert.equal(await end(one, { links }), 'ended');
  const open = (await redis.hget(`${key}:open`, two.id)) ?? '';
  await redis.hset(`${key}:open`, two.id, open.replace(/^0/, '1'));
  assert.equal(await end(two, { links }), 'taken');
  assert.equal(await offerList(fleet, id, links, { id: two.id, claim: 0, key: 'a.example' }), null);
  const { accepted, recorded, waiting } = await counts();
  assert.deepEqual({ accepted, recorded, waiting }, { accepted: 2, recorded: 1, waiting: 1 });
});

test('a limit is held exactly, however many offer at once', async () => {
  const { fleet, id, counts } = await crawl({ limit: 750 });
  await Promise.all([0, 1, 2, 3].map((part) => offer(fleet, id, pages(BATCH, `h${part}.example`))));
  assert.equal((await counts()).accepted, 750);
});

test('a crawl is finished exactly when nothing is left and its producer has gone', async () => {
  const { fleet, id, dispatchOnce, end, counts } = await crawl({ perHost: 10 });
  await offer(fleet, id, pages(1));
  const [only] = (await dispatchOnce(10)).handed as [Handed];
  await end(only);
  assert.equal((await counts()).state, 'running', 'the producer may offer more');
  await leaveCrawl(fleet, id, 'p');
  assert.equal((await counts()).state, 'finished');
});

test('links of a page are there when the page has ended, and the crawl goes on with them', async () => {
  const { fleet, id, dispatchOnce, end, counts } = await crawl({ perHost: 10 });
  await offer(fleet, id, pages(1));
  await leaveCrawl(fleet, id, 'p');
  const [only] = (await dispatchOnce(10)).handed as [Handed];
  const links = ['http://a.example/1', 'http://b.example/2'].map((url) =>
    packBatchEntry({ url, depth: 1, referrer: 'http://a.example/p/0', extras: null }, 'a.example'),
  );
  await end(only, { links: links.join('') });
  const { state, accepted, waiting } = await counts();
  assert.deepEqual({ state, accepted, waiting }, { state: 'running', accepted: 3, waiting: 2 });
  assert.equal((await dispatchOnce(10)).handed.length, 2);
});

test('requests of a higher priority go first within their host', async () => {
  const { fleet, id, dispatchOnce } = await crawl({ perHost: 1 });
  await offer(fleet, id, [page('http://a.example/low'), page('http://a.example/high', { priority: 9 })]);
  const { handed } = await dispatchOnce(10);
  assert.equal(unpackRequest(handed[0]?.packed ?? '').url, 'http://a.example/high');
});

test('a crawl whose producer died while offering is gone on with, even after all it had offered has ended', async () => {
  const { fleet, id, counts, dispatchOnce, end } = await crawl();
  await offer(fleet, id, pages(1));
  await redis.del(fleet.keys.producers(id)); // its lease has run out
  const { handed } = await dispatchOnce(1);
  await end(handed[0] as Handed);
  assert.equal((await counts()).state, 'finished');
  const again = await beginCrawl(fleet, {
    name: 'c',
    producer: 'q',
    settings: crawlSettings(defaultSettings),
    seeds: '',
  });
  assert.deepEqual(again, { id, fresh: false });
  assert.equal((await counts()).state, 'running');
});

test('a crawl that has ended begins anew under a new id, one that has not is gone on with', async () => {
  const { fleet, id, counts } = await crawl();
  const settings = crawlSettings(defaultSettings);
  const again = await beginCrawl(fleet, { name: 'c', producer: 'q', settings, seeds: '' });
  assert.deepEqual(again, { id, fresh: false });
  for (const producer of ['p', 'q']) await leaveCrawl(fleet, id, producer);
  assert.equal((await counts()).state, 'finished');
  const anew = await beginCrawl(fleet, { name: 'c', producer: 'r', settings, seeds: '' });
  assert.deepEqual(anew, { id: 'c.2', fresh: true });
});
