// createClient against drover's own server: every route, as a program of the user's goes through them.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { ApiError, createClient } from '../../src/index.ts';
import { sharedApi, WRITE_TOKEN } from '../support/api/api.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site/site.ts';

const fleets = openFleets();
const api = sharedApi(fleets, ['--processes', '1', '--allow-private', '127.0.0.1'], {
  DROVER_API_TOKEN: WRITE_TOKEN,
  DROVER_ATTEMPTS: '1',
});
const client = async () => createClient({ url: (await api()).url, token: WRITE_TOKEN });

let site: Site;
before(async () => {
  site = await startSite({ pages: 2000, linksPerPage: 0, behaviours: { '/p/7': { status: 500 } } });
});
after(() => site.stop());

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error) =>
      error instanceof ApiError ? `${error.status} ${error.code} ${error.field ?? ''}` : String(error),
  );

test('what is enqueued, one, an array or an iterable, is crawled, followed by events and read page by page', async () => {
  const { enqueue, crawls, events } = await client();
  const url = (page: number) => `${site.url}/p/${page}`;
  assert.equal((await enqueue(url(1), { crawl: 'shop' })).accepted, 1);
  const array = await enqueue([url(1), 'no url', { url: url(2), label: 'l' }], { crawl: 'shop' });
  assert.deepEqual([array.accepted, array.duplicates, array.rejected[0]?.index], [1, 1, 1]);
  async function* many() {
    for (let page = 0; page < 300; page++) yield page === 200 ? 'ftp://a.example/' : url(page);
  }
  const { crawl, accepted, rejectedCount, rejected } = await enqueue(many(), { crawl: 'shop' });
  assert.deepEqual([crawl, accepted, rejectedCount], ['shop', 297, 1]);
  assert.deepEqual([rejected[0]?.index, rejected[0]?.code], [200, 'E_URL_SCHEME']);
  const names = new Set<string>();
  for await (const { event, data } of events({ crawl: 'shop' })) {
    names.add(event);
    if (event === 'crawls' && data.crawls.some((view) => view.crawl === 'shop' && view.state === 'finished'))
      break;
  }
  assert.ok(names.has('hello'));
  const records = await allOf(crawls.records('shop'));
  assert.deepEqual([records.length, new Set(records.map(({ id }) => id)).size], [299, 299]);
  const view = await crawls.get('shop');
  assert.deepEqual([view.state, view.recorded, view.dead, view.settings.depth], ['finished', 298, 1, 0]);
  assert.deepEqual(
    (await allOf(crawls.list())).map(({ name }) => name),
    ['shop'],
  );
});

test('dead letters are summed up, shown, replayed and purged', async () => {
  const { crawls, dead, replays, enqueue } = await client();
  await enqueue([`${site.url}/p/7`], { crawl: 'broken' });
  await until(async () => (await crawls.get('broken')).state === 'finished', { what: 'the crawl to end' });
  const { errors, groups } = await crawls.errors('broken');
  assert.deepEqual([errors, groups[0]?.code], [{ E_HTTP_5XX: 1 }, 'E_HTTP_5XX']);
  const [group] = await dead.summary({ crawl: 'broken' });
  assert.equal(group?.count, 1);
  const [letter] = await allOf(
    dead.list({ crawl: 'broken', since: new Date(Date.now() - 3_600_000), attempts: 1 }),
  );
  assert.equal((await dead.show(letter?.jobId ?? '')).tries.length, 1);
  const filter = { crawl: 'broken' };
  assert.deepEqual(await dead.replay({ filter, dryRun: true }), {
    dryRun: true,
    matching: 1,
    cancelled: 0,
    runs: [],
  });
  const { runs } = await dead.replay({ filter, canary: 0 });
  const id = runs[0]?.id ?? '';
  await until(async () => (await replays.get(id)).phase === 'done', { what: 'the replay to end' });
  assert.ok((await replays.list()).some((run) => run.id === id));
  assert.equal((await replays.stop(id)).id, id);
  assert.equal((await dead.purge({ crawl: 'broken', export: false })).purged, 1);
});

test('crawls are begun and steered, hosts limited, URLs explained', async () => {
  const { crawls, hosts, proxies, explain, request, stats, session } = await client();
  const begun = await crawls.create({
    name: 'slow',
    urls: [`${site.url}/p/1`, `${site.url}/p/2`],
    delayMs: 60_000,
  });
  assert.deepEqual([begun.accepted, begun.rejected], [2, []]);
  assert.equal((await crawls.pause('slow')).state, 'paused');
  assert.equal((await crawls.resume('slow')).state, 'running');
  const { host } = new URL(site.url);
  assert.equal((await hosts.set(host, { concurrency: 3 })).set.concurrency, 3);
  assert.ok((await hosts.pause(host, { durationMs: 60_000 })).pausedMs > 0);
  assert.equal((await hosts.resume(host)).pausedMs, 0);
  assert.ok((await hosts.list({ limit: 10 })).some(({ key }) => key === host));
  const explained = await explain(`${site.url}/p/2`, { crawl: 'slow' });
  assert.equal(explained.crawl, 'slow');
  assert.equal((await request(`slow.${explained.fingerprint}`)).normalized, `${site.url}/p/2`);
  assert.equal((await crawls.cancel('slow')).state, 'cancelled');
  assert.equal((await stats()).everyMs, 5000);
  assert.deepEqual(await proxies(), { proxies: [], untold: 0 });
  assert.deepEqual(await session(), { required: true, role: 'write' });
});

test('what the server refuses is an ApiError with its code and field', async () => {
  const { crawls, dead, hosts, enqueue } = await client();
  assert.equal(await codeOf(crawls.get('none')), '404 E_CRAWL_UNKNOWN ');
  assert.equal(await codeOf(crawls.create({ url: 'ftp://a.example/' })), '400 E_URL_SCHEME url');
  assert.equal(
    await codeOf(crawls.create({ url: 'https://a.example/', maxDepth: -1 })),
    '400 E_FIELD maxDepth',
  );
  assert.equal(await codeOf(dead.show('c.1')), '404 E_LETTER_UNKNOWN ');
  assert.equal(await codeOf(hosts.set('a.example', { max: 1 })), '400 E_FIELD durationMs');
  const stranger = createClient({ url: (await api()).url });
  assert.equal(await codeOf(stranger.stats()), '401 E_AUTH ');
  assert.equal(await codeOf(stranger.enqueue(['https://a.example/'])), '401 E_AUTH ');
  const bad = await enqueue('no url', { crawl: 'bad' });
  assert.deepEqual([bad.accepted, bad.rejectedCount], [0, 1]);
});
