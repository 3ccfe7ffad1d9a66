import assert from 'node:assert/strict';
import test from 'node:test';
import type { Sample } from '../../../../bench/measure/measure.ts';
import { figuresOf, median } from '../../../../bench/speed/figures.ts';
import { budgetsOf, report } from '../../../../bench/speed/report.ts';

const sample = (seconds: number, cpuSeconds = 4): Sample => ({
  ...{ pages: 10_000, seconds, wallSeconds: seconds + 1, busySeconds: 10, startSeconds: 0.4 },
  process: { cpuSeconds, peakBytes: 100e6 },
  server: { cpuSeconds: 0.5, peakBytes: 1 },
  redis: { cpuSeconds: 1, peakBytes: 20e6, reads: 8000, calls: { evalsha: 20_000, get: 10 } },
});

test('the median is the middle one, or between the two', () => {
  assert.equal(median([9, 1, 2]), 2);
  assert.equal(median([9, 1, 2, 4]), 3);
});

test('figures are medians per page and per 1,000 pages', () => {
  const figures = figuresOf([sample(5), sample(4), sample(2)]);
  assert.equal(figures.pagesPerSecond, 2500);
  assert.deepEqual(figures.cpu, { process: 0.4, redis: 0.1, server: 0.05 });
  assert.equal(figures.redisReads, 0.8);
  assert.equal(figures.redisScripts, 2);
});

test('what others used of the machine is what was busy and none of ours', () => {
  assert.equal(figuresOf([{ ...sample(8), busySeconds: 10 }]).otherCpus, (10 - 5.5) / 9);
});

test('what a part does not use is null and not nothing', () => {
  const figures = figuresOf([{ ...sample(5), redis: null, server: null }]);
  assert.deepEqual([figures.cpu.redis, figures.cpu.server, figures.redisReads], [null, null, null]);
});

test('each budget is met on its own side of the limit', () => {
  const [got, crawl, list] = [figuresOf([sample(2)]), figuresOf([sample(4)]), figuresOf([sample(2.4)])];
  const met = budgetsOf({ got, crawl, list }).map(({ measured, met }) => [measured, met]);
  assert.deepEqual(met, [
    ['50 %', false],
    ['83 %', true],
    ['1.25 ×', true],
    ['0.25 ×', true],
    ['2.00', true],
    ['100 MB', true],
    ['0.40 s', false],
  ]);
  const costly = budgetsOf({ got, crawl: figuresOf([sample(4, 8.3)]) });
  assert.deepEqual([costly[1]?.measured, costly[1]?.met], ['2.33 ×', false]);
});

test('without the reference of the same run, no share of it is told', () => {
  assert.ok(budgetsOf({ crawl: figuresOf([sample(4)]) }).every(({ what }) => !what.includes('got')));
});

test('the report has a line for each part and each budget, in columns', () => {
  const text = report({ got: figuresOf([{ ...sample(2), redis: null }]), crawl: figuresOf([sample(4)]) });
  assert.match(text, /bare got loop.* 5000 /);
  assert.match(text, /drover crawl.* 2500 /);
  assert.match(text, /relative to the got loop +50 % +≥ 52 % +MISSED/);
  const lines = text.split('\n\n')[0]?.split('\n') ?? [];
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
});
