import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { TakeTable } from '../../../../src/records/read/claim-table.ts';

const half = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const entries = fc.array(fc.tuple(half, half, fc.integer({ min: 0, max: 5 })), { maxLength: 300 });

test('each id can be claimed once, with its highest take, whatever came in which order', () => {
  fc.assert(
    fc.property(entries, (list) => {
      const table = new TakeTable();
      const highest = new Map<string, number>();
      for (const [high, low, take] of list) {
        table.raise(high, low, take);
        highest.set(`${high} ${low}`, Math.max(take, highest.get(`${high} ${low}`) ?? 0));
      }
      const claims = list.filter(([high, low, take]) => table.claim(high, low, take));
      const claimed = new Map(claims.map(([high, low, take]) => [`${high} ${low}`, take]));
      assert.equal(claims.length, highest.size);
      assert.deepEqual([...claimed].sort(), [...highest].sort());
    }),
  );
});

test('ids that no record had cannot be claimed', () => {
  const table = new TakeTable();
  table.raise(1, 2, 0);
  assert.equal(table.claim(1, 3, 0), false);
  assert.equal(table.claim(0xffff_ffff, 2, 0), false);
});

test('ids that count up are kept apart, a hundred thousand in either half', () => {
  const table = new TakeTable();
  for (let count = 0; count < 100_000; count++) {
    table.raise(7, count, count % 3);
    table.raise(count, 7_000_000, count % 5);
  }
  for (let count = 0; count < 100_000; count++) {
    assert.ok(table.claim(7, count, count % 3));
    assert.ok(table.claim(count, 7_000_000, count % 5));
  }
});
