// How fast a crawl is, as the dashboard computes it in the browser.
import assert from 'node:assert/strict';
import test from 'node:test';

const { createRates } = await import(new URL('../../../../src/api/dashboard/rates.js', import.meta.url).href);

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
