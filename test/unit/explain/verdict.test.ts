// The verdict on a request that waits for its host: until when, and why.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Facts, RequestPlace } from '../../../src/explain/explanation.ts';
import { verdictOf } from '../../../src/explain/verdict.ts';
import type { Hold } from '../../../src/politeness/held-back.ts';

const T1 = '2026-03-01T12:00:05.000Z';
const T2 = '2026-03-01T13:00:00.000Z';
const pause: Hold = {
  ...{ kind: 'paused', why: 'named', since: '2026-03-01T12:00:00.000Z', until: T2, intervalMs: null },
  ...{ reason: 'it said when to come again (Retry-After)', change: 'wait, or drover hosts resume a.test' },
};
const slowed: Hold = {
  ...{ kind: 'slowed', why: 'failures', since: null, until: null, intervalMs: 640 },
  ...{ reason: '35 % of its last answers were failures', change: 'it ends when the host is well again' },
};
const running = { state: 'running' } as Facts['counts'];

/** What is not read for such a request is left out. */
function verdict(place: RequestPlace, host: object, attempts: object[] = [], more: object = {}): string {
  const hostState = { key: 'a.test', inFlight: 0, nextMs: 0, pausedMs: 0, holds: [], ...host };
  const facts = {
    subject: { crawl: 'c' },
    counts: running,
    where: { place, attempts },
    hostState,
    ...{ consumers: 1, isDrained: false },
    ...more,
  };
  return verdictOf(facts as unknown as Facts);
}
const delayed: RequestPlace = { kind: 'queue', state: 'delayed', untilMs: Date.parse(T1) };
const active: RequestPlace = { kind: 'queue', state: 'active', untilMs: null };

test('it waits until the pause of its host ends, not until the next look', () => {
  const paused = verdict(delayed, { holds: [pause] });
  assert.equal(
    paused,
    `Waiting until ${T2}: it was postponed, because its host is paused since ${pause.since} until ${T2}: it said when to come again (Retry-After); wait, or drover hosts resume a.test.`,
  );
  assert.doesNotMatch(paused, /\([^)]*\(/);
  const again = verdict(delayed, { holds: [pause] }, [{ code: 'E_RESET' }]);
  assert.match(again, new RegExp(`^Waiting until ${T2}: attempt 1 failed \\(E_RESET\\)`));
});

test('a pause without an end has none; a shorter pause and a slower pace do not change the time', () => {
  assert.match(
    verdict(delayed, { holds: [{ ...pause, until: null }] }),
    /^Waiting: it was postponed, because its host/,
  );
  const short = { ...pause, until: '2026-03-01T12:00:01.000Z' };
  assert.ok(verdict(delayed, { holds: [short] }).startsWith(`Waiting until ${T1}: `));
  assert.ok(verdict(delayed, { holds: [slowed] }).startsWith(`Waiting until ${T1}: `));
});

test('a consumer that only waits for the gate of a host is said to, with the reason', () => {
  assert.equal(verdict(active, {}), 'It is with a consumer now.');
  assert.equal(verdict(active, { inFlight: 1, nextMs: 500 }), 'It is with a consumer now.');
  assert.equal(
    verdict(active, { nextMs: 500, holds: [slowed] }),
    'It is with a consumer now, which waits for the gate of a.test, where the next start may be in 0.5 s; the host is slowed to one start each 640 ms: 35 % of its last answers were failures; it ends when the host is well again.',
  );
  assert.equal(
    verdict(active, { nextMs: 2000 }),
    'It is with a consumer now, which waits for the gate of a.test, where the next start may be in 2.0 s.',
  );
});

test('in a fleet that is drained, nobody takes what waits, whoever is there', () => {
  const waiting: RequestPlace = { kind: 'queue', state: 'waiting', untilMs: null };
  const words = '; the fleet is drained: no jobs are taken (drover resume).';
  assert.equal(verdict(waiting, {}, [], { isDrained: true }), `Waiting in the queue for a consumer${words}`);
  const lane = { kind: 'lane', lane: null, length: 1 } as unknown as RequestPlace;
  assert.ok(verdict(lane, {}, [], { isDrained: true, consumers: 0 }).endsWith(words));
});
