import assert from 'node:assert/strict';
import test from 'node:test';
import { costOfRun, judge, medianOf } from '../../../../bench/check/judge.ts';
import type { Sample } from '../../../../bench/measure/measure.ts';

const sample = (pages: number, cpuSeconds: number, redisSeconds: number | null): Sample => ({
  ...{ pages, seconds: 1, wallSeconds: 2, busySeconds: 2, startSeconds: 0.4, server: null },
  process: { cpuSeconds, peakBytes: 1 },
  redis: redisSeconds === null ? null : { cpuSeconds: redisSeconds, peakBytes: 1, reads: 0, calls: {} },
});
const cost = (total: number) => ({ total, drover: total - 0.5, redis: 0.5 });

test('the cost of a run is CPU for a page, in multiples of the loop', () => {
  const { total, drover, redis } = costOfRun(sample(100, 1, null), sample(200, 4, 1));
  assert.deepEqual([total, drover, redis], [2.5, 2, 0.5]);
});

test('the median of runs is taken of each figure', () => {
  assert.deepEqual(medianOf([cost(9), cost(2), cost(3)]), cost(3));
});

test('a crawl is above the kept figure only beyond the tolerance', () => {
  assert.equal(judge(cost(2.69), cost(2.5), 0.08).isAbove, false);
  assert.equal(judge(cost(2.71), cost(2.5), 0.08).isAbove, true);
  assert.match(judge(cost(2), cost(2.5), 0.08).words, /2\.00 times .* kept: 2\.50 times .*−20\.0 %/);
});

test('without a kept figure nothing is above it', () => {
  const { isAbove, words } = judge(cost(99), null, 0);
  assert.equal(isAbove, false);
  assert.doesNotMatch(words, /kept/);
});
