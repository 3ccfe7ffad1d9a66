// Why a host is held back, in words.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type HoldFacts, holdsOf } from '../../../src/politeness/held-back.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const facts: HoldFacts = {
  ...{ key: 'a.test', now, pauseUntil: 0, pauseWhy: '', pauseSince: null, refusals: 0 },
  ...{ paceMs: null, paceWhy: '', paceSince: null, paceShare: null, latencyMs: 30, usualLatencyMs: 30 },
  ...{ quotaMs: null, quotaUntil: null, quotaSince: null, crawlDelayMs: null, crawlDelaySince: null },
};

test('a host that is asked as its limits allow is not held back; a pause that is over is none', () => {
  assert.deepEqual(holdsOf(facts), []);
  assert.deepEqual(holdsOf({ ...facts, pauseUntil: now - 1, pauseWhy: 'named', pauseSince: now - 1000 }), []);
});

test('a pause says who made it, since when, until when, and what ends it', () => {
  const paused = { ...facts, pauseUntil: now + 5000, pauseSince: now - 1000 };
  const [hold] = holdsOf({ ...paused, pauseWhy: 'named' });
  assert.deepEqual(hold, {
    ...{ kind: 'paused', why: 'named', since: '2026-03-01T11:59:59.000Z', until: '2026-03-01T12:00:05.000Z' },
    ...{ intervalMs: null, reason: 'it said when to come again (Retry-After)' },
    change: 'wait, or drover hosts resume a.test',
  });
  assert.match(
    holdsOf({ ...paused, pauseWhy: 'refuses', refusals: 3 })[0]?.reason ?? '',
    /3 times in a row$/,
  );
  assert.match(holdsOf({ ...paused, pauseWhy: 'quota' })[0]?.reason ?? '', /quota is used up/);
  const forGood = holdsOf({ ...paused, pauseWhy: 'operator', pauseUntil: now + 10 * 365 * 86_400_000 })[0];
  assert.deepEqual([forGood?.until, forGood?.change], [null, 'drover hosts resume a.test']);
});

test('a slower pace says why, with its figures; several reasons stand beside one another', () => {
  const holds = holdsOf({
    ...facts,
    ...{ paceMs: 1000, paceWhy: 'failures', paceSince: now - 9000, paceShare: 0.351 },
    ...{
      quotaMs: 200,
      quotaUntil: now + 60_000,
      quotaSince: now - 2000,
      crawlDelayMs: 3000,
      crawlDelaySince: now,
    },
  });
  assert.deepEqual(
    holds.map(({ why, intervalMs }) => [why, intervalMs]),
    [
      ['failures', 1000],
      ['quota', 200],
      ['crawl-delay', 3000],
    ],
  );
  assert.equal(holds[0]?.reason, '35 % of its last answers were failures');
  assert.match(holds[0]?.change ?? '', /drover hosts resume a\.test.*--no-adaptive/);
  const slow = { ...facts, paceMs: 300, paceWhy: 'latency' as const, paceSince: now, latencyMs: 620.4 };
  assert.equal(holdsOf(slow)[0]?.reason, 'it answers in 620 ms, usually in 30 ms');
});
