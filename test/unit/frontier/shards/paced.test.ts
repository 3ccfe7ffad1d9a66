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

test('who has added something does not wait for what comes after it', async () => {
  const { paced, calls } = pacedCalls(5);
  let goesOn = true;
  const others = (async () => {
    while (goesOn) {
      paced.add([0]).catch(() => undefined);
      await sleep(1);
    }
  })();
  await sleep(20);
  await Promise.race([
    paced.add([7]),
    sleep(5000, undefined, { ref: false }).then(() => assert.fail('it waits for the others')),
  ]);
  goesOn = false;
  await others;
  assert.equal(calls.flat().filter((item) => item === 7).length, 1);
});

test('a call that fails is told to all who wait, and the next one is made as if nothing had been', async () => {
  const calls: number[][] = [];
  let fails = true;
  const paced = new Paced<number>(1, 4, async (waiting) => {
    const taken = waiting.splice(0, 4);
    await sleep(5);
    if (fails) throw new Error('away');
    calls.push(taken);
  });
  const first = assert.rejects(paced.add([1]), /away/);
  await Promise.all([first, assert.rejects(paced.add([2, 3]), /away/)]);
  fails = false;
  await paced.add([4]);
  await paced.add([]);
  assert.deepEqual(calls, [[4]]);
});
