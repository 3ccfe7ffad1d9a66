import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ClaimTable } from '../../../../src/records/read/claim-table.ts';

const half = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const entries = fc.array(fc.tuple(half, half, fc.integer({ min: 0, max: 5 })), { maxLength: 300 });

test('each id wins once, with its highest claim, whatever came in which order', () => {
  fc.assert(
    fc.property(entries, (list) => {
      const table = new ClaimTable();
      const highest = new Map<string, number>();
      for (const [high, low, claim] of list) {
        table.raise(high, low, claim);
        highest.set(`${high} ${low}`, Math.max(claim, highest.get(`${high} ${low}`) ?? 0));
      }
      const claims = list.filter(([high, low, claim]) => table.winsOnce(high, low, claim));
      const claimed = new Map(claims.map(([high, low, claim]) => [`${high} ${low}`, claim]));
      assert.equal(claims.length, highest.size);
      assert.deepEqual([...claimed].sort(), [...highest].sort());
    }),
  );
});

test('ids that no record had cannot win', () => {
  const table = new ClaimTable();
  table.raise(1, 2, 0);
  assert.equal(table.winsOnce(1, 3, 0), false);
  assert.equal(table.winsOnce(0xffff_ffff, 2, 0), false);
});

test('ids that count up are kept apart, a hundred thousand in either half', () => {
  const table = new ClaimTable();
  for (let count = 0; count < 100_000; count++) {
    table.raise(7, count, count % 3);
    table.raise(count, 7_000_000, count % 5);
  }
  for (let count = 0; count < 100_000; count++) {
    assert.ok(table.winsOnce(7, count, count % 3));
    assert.ok(table.winsOnce(count, 7_000_000, count % 5));
  }
});
