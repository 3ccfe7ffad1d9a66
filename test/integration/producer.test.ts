// createProducer: what a program of the user's gives to its producer, and what it is answered.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createProducer } from '../../src/index.ts';
import { openFleets } from '../support/fleets.ts';
import { errorOf, newNamespace, openProducer, urls } from '../support/producers.ts';
import { spawnDrover, until } from '../support/signals.ts';

const fleets = openFleets();

test('a URL, a request, an array and iterables are added, each once, and the crawl counts them', async (t) => {
  const producer = await openProducer(t, fleets.url, { depth: 0 });
  assert.deepEqual([producer.crawl, producer.isNew], ['shop', true]);
  const none = { accepted: 0, duplicates: 0, overLimit: 0, assumed: 0, rejectedCount: 0, rejected: [] };
  assert.deepEqual(await producer.add('https://a.example/0'), { ...none, accepted: 1 });
  assert.deepEqual(await producer.add(new URL('https://A.example/0#x')), { ...none, duplicates: 1 });
  assert.deepEqual(await producer.add({ url: 'https://a.example/0', method: 'POST', body: 'x' }), {
    ...none,
    accepted: 1,
  });
  assert.deepEqual(await producer.add(urls(3)), { ...none, accepted: 2, duplicates: 1 });
  assert.deepEqual(await producer.add(new Set(urls(3, 3))), { ...none, accepted: 3 });
  async function* slowly() {
    for (const url of urls(1200, 6)) yield { url, label: 'page' };
  }
  assert.deepEqual(await producer.add(slowly()), { ...none, accepted: 1200 });
  assert.deepEqual(await producer.add([]), none);
  const counts = await producer.counts();
  assert.deepEqual([counts.state, counts.accepted, counts.waiting], ['running', 1207, 1207]);
});

test('a source that goes silent keeps nothing back', async (t) => {
  const producer = await openProducer(t, fleets.url, { depth: 0 });
  const over = Promise.withResolvers<void>();
  async function* hesitant() {
    yield* urls(3);
    await over.promise;
  }
  const added = producer.add(hesitant());
  await until(async () => (await producer.counts()).accepted === 3, { what: 'the three to be accepted' });
  over.resolve();
  assert.equal((await added).accepted, 3);
});

test('of several, what cannot be used is named by its place, the first thousand of any number, and the others go on', async (t) => {
  const producer = await openProducer(t, fleets.url, { limit: 2 });
  const added = await producer.add([
    'https://a.example/1',
    'ftp://a.example/',
    { url: 'https://a.example/2', colour: 'red' } as never,
    'https://a.example/3',
    'https://a.example/4',
  ]);
  assert.deepEqual([added.accepted, added.overLimit, added.rejectedCount], [2, 1, 2]);
  assert.deepEqual(
    added.rejected.map(({ index, url, code }) => [index, url, code]),
    [
      [1, 'ftp://a.example/', 'E_URL_SCHEME'],
      [2, 'https://a.example/2', 'E_REQUEST_INVALID'],
    ],
  );
  assert.match(added.rejected[1]?.message ?? '', /colour/);
  function* rubbish() {
    for (let at = 0; at < 5000; at++) yield `no url ${at}`;
  }
  const { rejected, rejectedCount } = await producer.add(rubbish());
  assert.deepEqual([rejectedCount, rejected.length, rejected.at(-1)?.index], [5000, 1000, 999]);
});

test('a wrong setting or request is an error that names it', async (t) => {
  const bad = (options: object) => errorOf(createProducer({ crawl: 'x', redisUrl: fleets.url, ...options }));
  assert.match(await bad({ depht: 1 }), /^E_SETTING .*depht.*depth/);
  assert.match(await bad({ depth: -1 }), /^E_SETTING .*depth/);
  assert.match(await bad({ crawl: 'a b' }), /^E_SETTING .*crawl/);
  assert.match(await bad({ include: ['/(/'] }), /^E_SETTING .*include/);
  assert.match(await bad({ concurrency: 5 }), /^E_SETTING .*concurrency/);
  assert.match(await bad({ sitemap: ['ftp://a.example/'] }), /^E_SETTING .*sitemap/);
  assert.match(
    await bad({ purpose: ['ai-train'] }),
    /^E_SETTING .*purpose: expected train-ai, ai-use or search/,
  );
  const producer = await openProducer(t, fleets.url, { timeoutConnect: '2s', purpose: ['train-ai'] });
  assert.match(await errorOf(producer.add('ftp://a.example/')), /^E_URL_SCHEME/);
  assert.match(
    await errorOf(producer.add({ url: 'https://a.example/', depth: -1 })),
    /^E_REQUEST_INVALID .*depth/,
  );
  assert.match(await errorOf(producer.add(undefined as never)), /^E_REQUEST_INVALID/);
  assert.equal((await producer.counts()).accepted, 0);
});

test('a full frontier holds an iterable of any length back, and an aborted signal ends the wait', async (t) => {
  const producer = await openProducer(t, fleets.url, { maxFrontier: 100 });
  let given = 0;
  function* endless() {
    for (;;) yield `https://a.example/${given++}`;
  }
  const abort = new AbortController();
  const adding = producer.add(endless(), { signal: abort.signal });
  await until(async () => (await producer.counts()).waiting >= 100, { what: 'the frontier to be full' });
  const { waiting } = await producer.counts();
  assert.ok(waiting < 120 && given < 150, `${waiting} wait, ${given} were read`);
  abort.abort(new Error('enough'));
  await assert.rejects(adding, /enough/);
  await assert.rejects(producer.add('https://a.example/', { signal: abort.signal }), /enough/);
  assert.equal((await producer.counts()).waiting, waiting);
});

test('an aborted signal ends the wait for an iterable that is silent', async (t) => {
  const producer = await openProducer(t, fleets.url);
  const abort = new AbortController();
  async function* silent() {
    yield 'https://a.example/1';
    yield 'https://a.example/2';
    await new Promise(() => {});
  }
  const adding = producer.add(silent(), { signal: abort.signal });
  await until(async () => (await producer.counts()).accepted > 0, { what: 'the first to be accepted' });
  abort.abort();
  await assert.rejects(adding, { name: 'AbortError' });
  assert.equal((await producer.counts()).accepted, 2);
});

test('an error of the program’s own iterable reaches the program as it is, and the iterable is closed after any error', async (t) => {
  const namespace = newNamespace();
  const producer = await openProducer(t, fleets.url, { namespace });
  const own = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  async function* broken() {
    yield 'https://a.example/1';
    throw own;
  }
  await assert.rejects(producer.add(broken()), (error) => error === own);
  let isClosed = false;
  async function* open100() {
    try {
      for (const url of urls(10_000)) yield url;
    } finally {
      isClosed = true;
    }
  }
  const cancel = spawnDrover(['cancel', producer.crawl], {
    env: { REDIS_URL: fleets.url, DROVER_NAMESPACE: namespace },
  });
  await cancel.exit;
  assert.match(await errorOf(producer.add(open100())), /^E_CRAWL_ENDED/);
  assert.ok(isClosed);
});
