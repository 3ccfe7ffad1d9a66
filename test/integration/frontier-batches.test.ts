// What one script call does for many requests at once is what it does for each alone.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { after, before } from 'node:test';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl, readCounts } from '../../src/crawl/crawl.ts';
import { fleetOf } from '../../src/fleet.ts';
import { createCommitter, type Ending } from '../../src/frontier/commit.ts';
import { dispatch } from '../../src/frontier/dispatch.ts';
import { packBatchEntry } from '../../src/frontier/entry.ts';
import { BATCH, offer } from '../../src/frontier/offer.ts';
import { namespaceOf } from '../../src/keys.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import { type Request, unpackRequest } from '../../src/request.ts';
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

const HOST = 'a.example';
const page = (path: string, priority = 0): Request => ({
  url: `http://${HOST}/${path}`,
  depth: 0,
  referrer: null,
  extras: priority > 0 ? { priority } : null,
});

async function crawl(perHost: number, requests: readonly Request[]) {
  const fleet = fleetOf(redis, namespaceOf(`t${randomUUID().slice(0, 8)}`));
  const settings = crawlSettings({ ...defaultSettings, perHost });
  const { id } = await beginCrawl(fleet, { name: 'c', producer: 'p', settings, seeds: '' });
  for (let at = 0; at < requests.length; at += BATCH) await offer(fleet, id, requests.slice(at, at + BATCH));
  const dispatchOnce = (wanted: number, more: Partial<Parameters<typeof dispatch>[1]> = {}) =>
    dispatch(fleet, { serve: '*', wanted, leaseMs: 4000, releases: [], arrived: [], ...more });
  const committer = createCommitter(fleet, '');
  const end = (handed: { id: string }, more: Partial<Ending> = {}) =>
    committer.commit({
      ...{ crawl: id, id: handed.id, claim: 0, kind: 'recorded', key: HOST, status: 200, code: null },
      ...{ bytes: 10, reason: '', links: '', leftOut: {}, items: null, host: HOST, ...more },
    });
  const isOpen = async (of: string) => (await redis.hexists(fleet.keys.open(id), of)) === 1;
  return { fleet, id, dispatchOnce, end, isOpen, counts: () => readCounts(fleet, id) };
}

const urls = (handed: readonly { packed: string }[]) => handed.map(({ packed }) => unpackRequest(packed).url);

test('a lane gives very many requests at once, the highest priority first and each in its order', async () => {
  const requests = Array.from({ length: 1300 }, (_, index) => page(`p/${index}`, [0, 9, 3][index % 3]));
  const { dispatchOnce } = await crawl(2000, requests);
  const { handed } = await dispatchOnce(1250);
  const wanted = [9, 3, 0].flatMap((priority) =>
    requests.filter(({ extras }) => (extras?.priority ?? 0) === priority).map(({ url }) => url),
  );
  assert.deepEqual(urls(handed), wanted.slice(0, 1250));
  assert.deepEqual(urls((await dispatchOnce(5000)).handed), wanted.slice(1250));
  assert.deepEqual((await dispatchOnce(5000)).handed, []);
});

test('of many requests with few slots, the first have them and the next are ahead of theirs', async () => {
  const { fleet, dispatchOnce } = await crawl(
    8,
    Array.from({ length: 30 }, (_, index) => page(`p/${index}`)),
  );
  const { handed } = await dispatchOnce(30);
  const starts = handed.map(({ start }) => start);
  assert.deepEqual(starts.slice(0, 8), Array(8).fill('fetch'));
  assert.ok(starts.length > 8 && starts.slice(8).every((start) => start === 'ahead'));
  const holders = await redis.zrange(`${fleet.namespace}:k:${HOST}:s`, '0', '-1');
  assert.deepEqual(
    holders.toSorted(),
    handed
      .slice(0, 8)
      .map(({ crawl, id }) => `${crawl}.${id}`)
      .toSorted(),
  );
});

test('slots that are given back together are all free', async () => {
  const { dispatchOnce } = await crawl(
    1000,
    Array.from({ length: 3000 }, (_, index) => page(`p/${index}`)),
  );
  const first = (await dispatchOnce(3000)).handed.filter(({ start }) => start === 'fetch');
  assert.equal(first.length, 1000);
  const releases = first.map(({ crawl, id }) => ({ key: HOST, holder: `${crawl}.${id}`, server: '' }));
  const arrived = first.map(({ crawl, id }) => `${crawl}.${id}`);
  const next = (await dispatchOnce(5000, { releases, arrived })).handed;
  assert.equal(next.filter(({ start }) => start === 'fetch').length, 1000);
});

test('one call ends each request once, under its newest claim, and closes no other', async () => {
  const { fleet, id, dispatchOnce, end, isOpen, counts } = await crawl(10, [page('1'), page('2'), page('3')]);
  const { handed } = await dispatchOnce(10);
  const [first, second, third] = handed as [(typeof handed)[0], (typeof handed)[0], (typeof handed)[0]];
  const links = packBatchEntry(page('new'), HOST);
  const ends = await Promise.all([
    end(first, { links }),
    end(first, { links: packBatchEntry(page('other'), HOST) }),
    end(second, { claim: 1 }),
    end({ id: 'f'.repeat(16) }),
    end(third, { kind: 'dead', status: null, code: 'E_HTTP_5XX', reason: 'x' }),
  ]);
  assert.deepEqual(ends, ['done', 'ended', 'taken', 'ended', 'done']);
  assert.deepEqual(
    [await isOpen(first.id), await isOpen(second.id), await isOpen(third.id)],
    [false, true, false],
  );
  const { accepted, recorded, dead, waiting } = await counts();
  assert.deepEqual({ accepted, recorded, dead, waiting }, { accepted: 4, recorded: 1, dead: 1, waiting: 2 });
  assert.equal(await redis.hget(fleet.keys.openByLimiter(id), HOST), '1');
});
