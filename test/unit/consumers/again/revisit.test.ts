// When a page is due again, by how long it stayed as it was.
import assert from 'node:assert/strict';
import test from 'node:test';
import { isDue, revisitAfter } from '../../../../consumers/again/revisit.ts';
import type { CrawlRecord } from '../../../../src/record.ts';

const HOUR = 3_600_000;
const bounds = { revisitMin: HOUR, revisitMax: 720 * HOUR };

test('a page that stayed the same is due later each time, one that changed sooner, within the bounds', () => {
  const after = (ageHours: number | null, isUnchanged: boolean) =>
    revisitAfter({ ageMs: ageHours === null ? null : ageHours * HOUR, isUnchanged }, bounds) / HOUR;
  assert.deepEqual([after(24, true), after(36, true), after(24, false)], [36, 54, 12]);
  assert.deepEqual([after(700, true), after(0.5, false), after(null, false)], [720, 1, 1]);
});

test('a page is due when its time has come, and always when no run before has set one', () => {
  const at = Date.parse('2026-11-29T12:00:00Z');
  const record = (revisitMs: number | null) =>
    ({ fetchedAt: '2026-11-29T10:00:00.000Z', revisitMs }) as CrawlRecord;
  assert.deepEqual(
    [3 * HOUR, 2 * HOUR, HOUR, null].map((ms) => isDue(record(ms), at)),
    [false, true, true, true],
  );
  // A record of an older version.
  assert.equal(isDue({ fetchedAt: '2026-11-29T10:00:00.000Z' } as CrawlRecord, at), true);
});
