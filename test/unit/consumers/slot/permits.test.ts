import assert from 'node:assert/strict';
import test from 'node:test';
import { createPermits } from '../../../../consumers/slot/permits.ts';

test('who wants to be alone waits until nothing is in flight, and all who come later wait for it', async () => {
  const permits = createPermits(2);
  const order: string[] = [];
  const ask = async (name: string, isAlone = false) => {
    await (isAlone ? permits.alone : permits).take(60_000);
    order.push(`${name} with ${permits.inUse()}`);
  };
  await Promise.all([ask('a'), ask('b')]);
  const rest = [ask('alone', true), ask('c'), ask('d'), ask('alone too', true)];
  assert.equal(permits.free(), false);
  permits.give();
  await new Promise(setImmediate);
  assert.equal(order.length, 2, 'one is still in flight');
  permits.give();
  await rest[0];
  assert.equal(order[2], 'alone with 1');
  permits.alone.give();
  await Promise.all(rest.slice(1, 3));
  assert.equal(order.length, 5);
  permits.give();
  permits.give();
  await rest[3];
  permits.alone.give();
  assert.deepEqual([permits.inUse(), permits.free()], [0, true]);
});

test('who waits no longer holds nothing', async () => {
  const permits = createPermits(1);
  assert.equal(await permits.take(0), true);
  assert.equal(await permits.take(1), false);
  permits.give();
  assert.equal(permits.inUse(), 0);
});
