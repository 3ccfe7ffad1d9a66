// How fast a crawl is, and how long it has left.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createRate } from '../../../src/crawl/progress.ts';
import { counts } from '../../support/terminal.ts';

test('speed and time left are those of the last ten seconds', () => {
  const rate = createRate();
  assert.deepEqual([rate.pagesPerSecond(), rate.remainingMs()], [null, null]);
  const at = (atMs: number, recorded: number) =>
    rate.add({ atMs, inFlight: 1, counts: counts({ accepted: 1000, recorded, waiting: 1000 - recorded }) });
  for (let second = 0; second <= 10; second++) at(second * 1000, second);
  assert.equal(rate.pagesPerSecond(), 1);
  for (let second = 11; second <= 20; second++) at(second * 1000, 10 + (second - 10) * 50);
  assert.equal(rate.pagesPerSecond(), 50);
  assert.equal(rate.remainingMs(), (490 / 50) * 1000);
  for (let second = 21; second <= 31; second++) at(second * 1000, 510);
  assert.deepEqual([rate.pagesPerSecond(), rate.remainingMs()], [0, null]);
  at(32_000, 400); // a counter that was repaired
  assert.equal(rate.pagesPerSecond(), 0);
  at(33_000, 1000);
  assert.equal(rate.remainingMs(), 0);
});
