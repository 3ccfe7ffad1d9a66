// What the dashboard computes in the browser: series of the plots, rates, text made visible, addresses. Its modules run in Node as they are.
import assert from 'node:assert/strict';
import test from 'node:test';

const folder = new URL('../../../src/api/dashboard/', import.meta.url);
const load = (name: string) => import(new URL(name, folder).href);
const { mergeSamples, percentileOf, seriesOf } = await load('history.js');
const { createRates } = await load('rates.js');
const { bytes, count, duration, rate, visible } = await load('text.js');
const { readRoute, routeTo } = await load('route.js');

const bounds = [10, 100, 1000];

function sampleAt(at: number, recorded: number, counts = [0, 0, 0, 0], errors = {}) {
  const still = { refused: 0, dead: 0, retries: 0, postponed: 0, bytes: 0 };
  const now = { waiting: 5, open: 1, delayed: 0, deadLetters: 0, inFlight: 1, consumers: 1 };
  return { at, recorded, errors, latency: { bounds, counts }, ...still, ...now };
}

test('pages per second are what the counter grew by; one that went back, or a hole in the samples, is a gap', () => {
  const samples = [[0, 0] as const, [5000, 50] as const, [10_000, 10] as const, [15_000, 20] as const];
  const { pages, at } = seriesOf(
    [...samples.map(([at, recorded]) => sampleAt(at, recorded)), sampleAt(60_000, 1000)],
    5000,
  );
  assert.deepEqual(pages, [null, 10, null, 2, null]);
  assert.deepEqual(at, [0, 5, 10, 15, 60]);
});

test('errors are per minute by layer; layers without any in the time shown are left out', () => {
  const samples = [
    sampleAt(0, 0, undefined, { dns: 7 }),
    sampleAt(5000, 0, undefined, { dns: 7, http: 1 }),
    sampleAt(10_000, 0, undefined, { dns: 7, http: 1 }),
  ];
  assert.deepEqual(seriesOf(samples, 5000).errors, [{ layer: 'http', values: [null, 12, 0] }]);
});

test('percentiles are of what came between two histograms, even within a bucket', () => {
  const before = { bounds, counts: [100, 0, 0, 0] };
  const after = { bounds, counts: [100, 10, 0, 0] };
  assert.equal(percentileOf(before, after, 0.5), 55);
  assert.equal(percentileOf(before, before, 0.5), null);
  assert.equal(percentileOf(before, { bounds, counts: [100, 0, 0, 3] }, 0.99), 1000);
});

test('samples of the history and of the events are merged: each once, in order, of one hour', () => {
  const merged = mergeSamples(
    [sampleAt(5000, 1), sampleAt(10_000, 2)],
    [sampleAt(3_606_000, 9), sampleAt(10_000, 2)],
  );
  assert.deepEqual(
    merged.map(({ at }: { at: number }) => at),
    [10_000, 3_606_000],
  );
});

test('a crawl’s rate is that of the last ten seconds, and falls when nothing comes', () => {
  const rates = createRates();
  const view = (recorded: number) => ({
    ...{ crawl: 'a', accepted: 100, refused: 0, dead: 0 },
    ...{ recorded, waiting: 100 - recorded },
  });
  rates.note([view(0)], 0);
  assert.equal(rates.of('a').pagesPerSecond, null);
  rates.note([view(20)], 2000);
  assert.deepEqual(rates.of('a'), { pagesPerSecond: 10, remainingMs: 8000 });
  for (let second = 3; second <= 12; second++) rates.note([view(20)], second * 1000);
  assert.deepEqual(rates.of('a'), { pagesPerSecond: 0, remainingMs: null });
  rates.note([], 13_000);
  assert.equal(rates.of('a').pagesPerSecond, null);
});

test('text of the web shows what a browser would obey or hide', () => {
  assert.equal(visible('a\u202egnp.exe\u0000\n\u200b'), 'a\\u202egnp.exe\\u0000\\u000a\\u200b');
  assert.equal(visible('naïve 日本 👍️'), 'naïve 日本 👍️');
  assert.equal(visible(null), '');
});

test('numbers, sizes and times are short', () => {
  assert.deepEqual([count(12_345), count(null), rate(0.444), rate(1234.5)], ['12,345', '–', '0.4', '1,235']);
  assert.deepEqual([bytes(999), bytes(24_900_000), bytes(null)], ['999 B', '24.9 MB', '–']);
  const times = [0.4, 950, 9500, 61_000, 3_599_000, 7_500_000, 273_600_000];
  assert.deepEqual(times.map(duration), [
    '0 ms',
    '950 ms',
    '9.5 s',
    '1 min 1 s',
    '59 min 59 s',
    '2 h 5 min',
    '3 d 4 h',
  ]);
});

test('an address says what it was made from, whatever that holds', () => {
  const query = { url: 'http://h/?a=b&c=#d', crawl: '' };
  assert.deepEqual(readRoute(routeTo('explain', null, query)), {
    ...{ name: 'explain', id: null },
    query: { url: 'http://h/?a=b&c=#d' },
  });
  assert.deepEqual(readRoute(routeTo('dead', 'shop.12/a?b')), { name: 'dead', id: 'shop.12/a?b', query: {} });
  assert.deepEqual(readRoute(''), { name: 'crawls', id: null, query: {} });
  assert.equal(readRoute('#/dead/%E0%A4%A').id, '%E0%A4%A');
});
