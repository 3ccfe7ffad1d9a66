import assert from 'node:assert/strict';
import test from 'node:test';
import { delayAfter, MOST_ATTEMPTS } from '../../../src/queue/webhook-queue.ts';

test('the waits between attempts double from two seconds to an hour, with jitter, and last for hours in all', () => {
  let leastMs = 0;
  for (let attempts = 1; attempts < MOST_ATTEMPTS; attempts++) {
    const full = Math.min(3_600_000, 1000 * 2 ** attempts);
    const delays = Array.from({ length: 200 }, () => delayAfter(attempts));
    assert.ok(
      delays.every((ms) => ms >= full / 2 && ms <= full),
      `after ${attempts}`,
    );
    assert.ok(new Set(delays).size > 100);
    leastMs += full / 2;
  }
  assert.ok(leastMs > 2 * 3_600_000, String(leastMs));
});
