import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createShares, divide } from '../../../../consumers/shards/shares.ts';

/** The shares once they have followed the jobs, which are given by shard. */
function settled(t: TestContext, concurrency: number, jobs: readonly number[]): number[] {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const served = jobs.map((_, shard) => shard);
  const shares = createShares(concurrency, served, (shard) => jobs[shard] as number);
  t.after(() => shares.stop());
  t.mock.timers.tick(100);
  return served.map((shard) => shares.of(shard));
}

test('one busy shard among idle ones gets nearly all', (t) => {
  assert.deepEqual(settled(t, 64, [0, 0, 500, 0]), [1, 1, 64, 1]);
});

test('… however many idle ones there are', (t) => {
  const jobs = Array.from({ length: 64 }, (_, shard) => (shard === 9 ? 500 : 0));
  assert.equal(settled(t, 16, jobs)[9], 16);
});

test('busy shards get equal parts, and what one does not use goes to the others', () => {
  assert.deepEqual(divide(64, [500, 500, 500, 500]), [16, 16, 16, 16]);
  assert.deepEqual(divide(64, [500, 4, 500, 0]), [30, 4, 30, 1]);
});

test('what nobody wants is shared out, so that a burst finds room everywhere', () => {
  assert.deepEqual(divide(64, [4, 0, 0, 0]), [19, 15, 15, 15]);
});

test('each gets one, even where there are fewer fetches than shards', () => {
  assert.deepEqual(divide(2, [9, 9, 9, 9]), [1, 1, 1, 1]);
  assert.deepEqual(divide(1, [0, 0]), [1, 1]);
});

test('a shard that is not served gets nothing, and one alone has all of them without a timer', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const shares = createShares(10, [3], () => 0);
  t.mock.timers.tick(1000);
  assert.deepEqual([shares.of(3), shares.of(0)], [10, 0]);
});

test('the workers hear of new shares, and not of the same ones', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const jobs = [0, 0];
  const shares = createShares(8, [0, 1], (shard) => jobs[shard] as number);
  t.after(() => shares.stop());
  let heard = 0;
  shares.onChange = () => heard++;
  t.mock.timers.tick(300);
  assert.equal(heard, 0);
  jobs[1] = 100;
  t.mock.timers.tick(300);
  assert.deepEqual([heard, shares.of(1)], [1, 8]);
  shares.stop();
  jobs[1] = 0;
  t.mock.timers.tick(300);
  assert.equal(heard, 1);
});
