import assert from 'node:assert/strict';
import test from 'node:test';
import { countEnded } from '../../../../consumers/telemetry/ended-pages.ts';

test('the speed is that of the last ten seconds, the count that of all', () => {
  let now = 0;
  const ended = countEnded(() => now);
  const second = (pages: number) => {
    for (let page = 0; page < pages; page++) ended.count();
    now += 1000;
    return ended.read();
  };
  assert.deepEqual(second(50), { pages: 50, pagesPerSecond: 50 });
  for (let at = 0; at < 9; at++) second(10);
  assert.equal(ended.pages(), 140);
  assert.deepEqual(second(10), { pages: 150, pagesPerSecond: 10 });
  for (let at = 0; at < 10; at++) second(0);
  assert.deepEqual(second(0), { pages: 150, pagesPerSecond: 0 });
});
