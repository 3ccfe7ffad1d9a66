// From which time on, as --since gives it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { timeOf } from '../../../../cli/command/since.ts';

const now = Date.parse('2026-05-01T00:00:00Z');

test('--since takes a duration or a time', () => {
  assert.equal(timeOf('2h', now), now - 7_200_000);
  assert.equal(timeOf('40d', now), now - 40 * 86_400_000);
  assert.equal(timeOf('2026-04-30', now), now - 86_400_000);
  assert.equal(timeOf('2026-04-30T23:00:00+01:00', now), now - 7_200_000);
});

test('--since says what it does not take', () => {
  for (const text of ['yesterday', '', '7', '2026-02-31', '2026-13-01', '2026-04-30T99:00'])
    assert.throws(
      () => timeOf(text, now),
      { code: 'E_USAGE', message: /expected a duration such as 2h or 7d/ },
      text,
    );
  assert.throws(() => timeOf('2026-05-02', now), /is in the future/);
});
