// The series of the plots: what the dashboard computes of samples in the browser. Its modules run in Node as
// they are.
import assert from 'node:assert/strict';
import test from 'node:test';

const { mergeSamples, percentileOf, seriesOf } = await import(
  new URL('../../../../src/api/dashboard/history.js', import.meta.url).href
);

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
