// How fast a crawl is, and how long it has left.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createRate } from '../../../src/crawl/progress.ts';
import { counts } from '../../support/terminal.ts';

test('the speed is that of the last ten seconds, and there is no time left while nothing ends', () => {
  const rate = createRate();
  assert.deepEqual([rate.pagesPerSecond(), rate.remainingMs()], [null, null]);
  const at = (atMs: number, recorded: number) =>
    rate.add({ atMs, inFlight: 1, counts: counts({ accepted: 1000, recorded, waiting: 1000 - recorded }) });
  for (let second = 0; second <= 10; second++) at(second * 1000, second);
  assert.equal(rate.pagesPerSecond(), 1);
  for (let second = 11; second <= 20; second++) at(second * 1000, 10 + (second - 10) * 50);
  assert.equal(rate.pagesPerSecond(), 50);
  for (let second = 21; second <= 31; second++) at(second * 1000, 510);
  assert.deepEqual([rate.pagesPerSecond(), rate.remainingMs()], [0, null]);
  at(32_000, 400); // a counter that was repaired
  assert.equal(rate.pagesPerSecond(), 0);
  at(33_000, 1000);
  assert.equal(rate.remainingMs(), 0);
});

test('the time left is steady while pages come in bursts, and follows a speed that has changed', () => {
  const rate = createRate();
  let recorded = 0;
  const at = (atMs: number, pages: number) => {
    recorded += pages;
    rate.add({ atMs, inFlight: 1, counts: counts({ accepted: 9000, recorded, waiting: 9000 - recorded }) });
    return rate.remainingMs() ?? Number.NaN;
  };
  // 10 pages/s on average, in bursts of 40 each 4 s; seen five times a second.
  let last = Number.NaN;
  for (let ms = 0; ms <= 100_000; ms += 200) {
    const now = at(ms, ms % 4000 === 0 && ms > 0 ? 40 : 0);
    if (ms > 20_000) assert.ok(Math.abs(last - 200 - now) < 10_000, `at ${ms}: ${last} became ${now}`);
    last = now;
  }
  const honest = (9000 - recorded) * 100;
  assert.ok(Math.abs(last / honest - 1) < 0.1, `${last} for ${honest}`);
  for (let ms = 100_200; ms <= 200_000; ms += 200) last = at(ms, 10);
  assert.ok(last < ((9000 - recorded) / 50) * 1000 * 1.2, `${last}`);
});
