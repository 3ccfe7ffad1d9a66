import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Paced } from '../../../../src/frontier/shards/paced.ts';

/** Each call takes up to four. */
function pacedCalls(everyMs: number) {
  const calls: number[][] = [];
  const paced = new Paced<number>(everyMs, 4, async (waiting) => {
    calls.push(waiting.splice(0, 4));
  });
  return { paced, calls };
}

test('the first call is made at once, and what comes within its time shares the next one', async () => {
  const { paced, calls } = pacedCalls(50);
  const first = paced.add([1]);
  await sleep(1);
  await Promise.all([first, paced.add([2]), paced.add([3])]);
  assert.deepEqual(calls, [[1], [2, 3]]);
});

test('more than a call takes does not wait for the time of the next one', async () => {
  const { paced, calls } = pacedCalls(60_000);
  await paced.add([1, 2, 3, 4]);
  await paced.add([5, 6, 7, 8, 9, 10, 11, 12]);
  assert.deepEqual(calls, [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10, 11, 12],
  ]);
});
