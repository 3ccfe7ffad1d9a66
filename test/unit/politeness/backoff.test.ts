// What follows from what is seen of a host: pauses, a slower pace, and their end. Decisions alone, without
// Redis.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { NamedTime } from '../../../src/outcome.ts';
import {
  afterObservation,
  leastPauseMs,
  type Observation,
  type Refusal,
} from '../../../src/politeness/backoff.ts';
import { changesOf, FIELD_NAMES, type HostBackoff, stateOf } from '../../../src/politeness/backoff-state.ts';

const UNKNOWN_HOST = stateOf(FIELD_NAMES.map(() => null));

const START = 1_700_000_000_000;
const NOTHING: Observation = {
  ...{ good: 0, failures: 0, retried: 0, leastLatencyMs: null, goodAgeMs: null, refusals: [], quota: null },
};

/** A host and a clock: what is seen of it is decided about at `now`. */
function hostAt(start = START) {
  let state: HostBackoff = UNKNOWN_HOST;
  let now = start;
  const host = {
    state: () => state,
    pausedMs: () => Math.max(0, state.pauseUntil - now),
    pass(ms: number) {
      now += ms;
      return host;
    },
    see(seen: Partial<Observation>, random = 1) {
      state = afterObservation(state, { ...NOTHING, ...seen }, { now, random });
      return host;
    },
    /** Answers of requests that have just started. */
    answers(good: number, { failures = 0, latencyMs = 20 } = {}) {
      return host.see({ good, failures, ...(good > 0 && { leastLatencyMs: latencyMs, goodAgeMs: 5 }) });
    },
    refuses(refusal: Partial<Refusal> = {}, random = 1) {
      const whole = { named: null, ageMs: 5, longestMs: 300_000, isRefusal: true, ...refusal };
      return host.see({ refusals: [whole] }, random);
    },
  };
  return host;
}

const named = (afterMs: number): NamedTime => ({ afterMs, by: 'retry-after' });

test('a named time is kept to the millisecond, --max-pause at most; a shorter one makes no pause shorter', () => {
  const host = hostAt().refuses({ named: named(10_000) });
  assert.equal(host.pausedMs(), 10_000);
  assert.equal(host.state().pauseWhy, 'named');
  assert.equal(
    host
      .pass(4000)
      .refuses({ named: named(2000) })
      .pausedMs(),
    6000,
  );
  assert.equal(host.refuses({ named: named(999_999), longestMs: 20_000 }).pausedMs(), 20_000);
  assert.equal(
    hostAt()
      .refuses({ named: { afterMs: 5000, by: 'quota' } })
      .state().pauseWhy,
    'quota',
  );
});

test('a refusal without a time pauses for half a second to a second, by chance', () => {
  assert.equal(hostAt().refuses({}, 0).pausedMs(), 500);
  assert.equal(hostAt().refuses({}, 1).pausedMs(), 1000);
  assert.equal(leastPauseMs({ named: null, longestMs: 300_000, isRefusal: true }), 500);
});

test('a named time of nearly nothing is a refusal like one without', () => {
  const host = hostAt().refuses({ named: named(0) });
  assert.equal(host.pausedMs(), 1000);
  assert.equal(
    host
      .pass(1000)
      .refuses({ named: named(0) })
      .pausedMs(),
    2000,
  );
  // Of an answer that was served, it means nothing.
  assert.equal(
    hostAt()
      .refuses({ named: named(0), isRefusal: false })
      .pausedMs(),
    0,
  );
});

test('refusals in a row double the pause, up to the longest', () => {
  const host = hostAt();
  const pauses = Array.from({ length: 12 }, () => {
    const pausedMs = host.refuses().pausedMs();
    host.pass(pausedMs + 10);
    return pausedMs;
  });
  assert.deepEqual(pauses.slice(0, 4), [1000, 2000, 4000, 8000]);
  assert.equal(pauses.at(-1), 300_000);
});

test('refusals of requests that were on their way count as one', () => {
  const host = hostAt().refuses();
  for (let n = 0; n < 7; n++) host.pass(10).refuses({ ageMs: 100 });
  assert.equal(host.state().refusals, 1);
  assert.equal(host.pausedMs(), 1000 - 70);
});

test('one good answer of a request that started since forgets the refusals', () => {
  const host = hostAt().refuses().pass(1000).refuses();
  assert.equal(host.state().refusals, 2);
  // It had started before the last refusal.
  host.pass(50).see({ good: 5, goodAgeMs: 100 });
  assert.equal(host.state().refusals, 2);
  assert.notEqual(host.state().refusedSince, 0);
  host.pass(2000).answers(1);
  assert.equal(host.state().refusals, 0);
  assert.equal(host.state().refusedSince, 0);
  assert.equal(host.refuses().pausedMs(), 1000);
});

test('one good answer forgets a long row of refusals, whatever their share', () => {
  const host = hostAt();
  for (let n = 0; n < 5; n++) host.refuses().pass(host.pausedMs() + 10);
  assert.equal(host.state().refusals, 5);
  assert.equal(host.answers(1).state().refusals, 0);
  assert.equal(host.pass(50).refuses().pausedMs(), 1000);
});

test('a host that refuses a large share goes on doubling though it answers as well; one that refuses a few does not', () => {
  const pausesOf = (goodBetween: number) => {
    const host = hostAt();
    return Array.from({ length: 8 }, () => {
      const pausedMs = host.refuses().pausedMs();
      host.pass(pausedMs + 10).answers(goodBetween);
      return pausedMs;
    });
  };
  assert.ok((pausesOf(1).at(-1) ?? 0) >= 8000, String(pausesOf(1)));
  assert.deepEqual(new Set(pausesOf(20)), new Set([1000]));
});

test('a few failures slow nothing: not 5 % of many, not a lone early one', () => {
  assert.equal(hostAt().answers(0, { failures: 1 }).state().pace, 0);
  assert.equal(hostAt().answers(1, { failures: 4 }).state().pace, 0);
  const host = hostAt();
  for (let n = 0; n < 200; n++) {
    host.pass(250).answers(38, { failures: 2 });
    assert.equal(host.state().pace, 0);
  }
});

test('a large share of failures slows the host; all failures slow it to one start a second at once', () => {
  const dead = hostAt().answers(50).pass(250).answers(50).pass(250).answers(0, { failures: 60 });
  assert.equal(dead.state().paceWhy, 'failures');
  assert.ok(dead.state().pace > 900 && dead.state().pace <= 1000, String(dead.state().pace));
  const partly = hostAt().answers(50).pass(250).answers(40, { failures: 20 });
  assert.ok(partly.state().pace >= 10 && partly.state().pace < 100, String(partly.state().pace));
  assert.equal(partly.state().paceSince, START + 250);
});

test('a host that is well again is let go within seconds, though it is asked once a second at first', () => {
  const host = hostAt().answers(50).pass(250).answers(0, { failures: 60 });
  const since = host.state().paceSince;
  let passed = 0;
  while (host.state().pace > 0 && passed < 60_000) {
    const ms = Math.max(250, host.state().pace);
    passed += ms;
    host.pass(ms).answers(Math.max(1, Math.round(ms / Math.max(host.state().pace, 5))));
  }
  assert.ok(passed < 5000, `${passed} ms`);
  assert.ok(since > 0 && host.state().paceSince === 0 && host.state().paceWhy === '');
});

test('retries that fail say nothing: they neither slow a host nor keep it slowed for long', () => {
  const host = hostAt().answers(50);
  for (let n = 0; n < 50; n++) host.pass(250).see({ retried: 20 });
  assert.equal(host.state().pace, 0);
  host.answers(0, { failures: 60 });
  assert.ok(host.state().pace > 500);
  for (let n = 0; n < 40; n++) host.pass(250).see({ retried: 1 });
  assert.ok(host.state().pace <= 100, String(host.state().pace));
});

test('a host that gets ten times as slow is slowed to one request at a time within a second, and let go when it is not', () => {
  const host = hostAt();
  for (let n = 0; n < 20; n++) host.pass(250).answers(40, { latencyMs: 30 });
  for (let n = 0; n < 4; n++) host.pass(250).answers(6, { latencyMs: 300 });
  assert.equal(host.state().paceWhy, 'latency');
  assert.ok(host.state().pace > 40, String(host.state().pace));
  host.pass(250).answers(2, { latencyMs: 300 });
  assert.ok(host.state().pace > 180, String(host.state().pace));
  for (let n = 0; n < 16; n++) host.pass(250).answers(2, { latencyMs: 30 });
  assert.equal(host.state().pace, 0);
});

test('a fast host that gets ten times as slow is slowed within a second, and one that varies by a few milliseconds is not', () => {
  for (const [usual, slow] of [
    [5, 50],
    [20, 200],
  ] as const) {
    const host = hostAt();
    for (let n = 0; n < 20; n++) host.pass(250).answers(40, { latencyMs: usual });
    for (let n = 0; n < 4; n++) host.pass(250).answers(6, { latencyMs: slow });
    assert.equal(host.state().paceWhy, 'latency', `${usual} to ${slow} ms`);
  }
  const host = hostAt();
  for (let n = 0; n < 80; n++) host.pass(250).answers(40, { latencyMs: n % 8 < 4 ? 2 : 20 });
  assert.equal(host.state().pace, 0);
});

test('what stays slow becomes usual', () => {
  const host = hostAt();
  for (let n = 0; n < 20; n++) host.pass(250).answers(40, { latencyMs: 30 });
  for (let n = 0; n < 240; n++) host.pass(250).answers(2, { latencyMs: 600 });
  assert.equal(host.state().pace, 0);
});

test('a quota spreads the starts until its window ends, and says since when', () => {
  const host = hostAt().see({ quota: { intervalMs: 100, forMs: 5000 } });
  host.pass(1000).see({ quota: { intervalMs: 200, forMs: 4000 } });
  const { quota, quotaUntil, quotaSince } = host.state();
  assert.deepEqual([quota, quotaUntil, quotaSince], [200, START + 5000, START]);
});

test('the state goes to Redis and back, only what changed', () => {
  const before = hostAt().answers(50).state();
  const after = hostAt().answers(50).pass(250).answers(3, { failures: 30 }).refuses().state();
  const changes = changesOf(before, after);
  const stored = new Map<string, string>();
  const all = changesOf(
    { ...before, ...Object.fromEntries(Object.keys(before).map((name) => [name, -1])) } as HostBackoff,
    before,
  );
  for (const pairs of [all, changes])
    for (let at = 0; at < pairs.length; at += 2) stored.set(pairs[at] ?? '', pairs[at + 1] ?? '');
  const read = stateOf(FIELD_NAMES.map((name) => stored.get(name) ?? null));
  assert.equal(read.pauseWhy, 'refuses');
  for (const [name, value] of Object.entries(after)) {
    const there = read[name as keyof HostBackoff];
    if (typeof value === 'number') assert.ok(Math.abs(Number(there) - value) < 0.001, name);
    else assert.equal(there, value, name);
  }
  for (const [name, value] of Object.entries(UNKNOWN_HOST)) assert.ok(value === 0 || value === '', name);
});

test('whatever is seen: figures stay finite and not negative, a pause is never made shorter nor longer than --max-pause', () => {
  const seen = fc.record({
    good: fc.nat(200),
    failures: fc.nat(200),
    retried: fc.nat(20),
    leastLatencyMs: fc.option(fc.double({ min: 0, max: 60_000, noNaN: true })),
    refusals: fc.array(
      fc.record({
        ageMs: fc.nat(60_000),
        named: fc.option(
          fc.record({ afterMs: fc.nat(), by: fc.constantFrom('retry-after' as const, 'quota' as const) }),
        ),
        longestMs: fc.constant(300_000),
        isRefusal: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
  });
  const step = fc.record({ seen, ms: fc.nat(20_000), random: fc.double({ min: 0, max: 1, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const host = hostAt();
      for (const { seen, ms, random } of steps) {
        const until = host.pass(ms).state().pauseUntil;
        host.see({ ...seen, goodAgeMs: seen.good > 0 ? 5 : null }, random);
        const state = host.state();
        for (const value of Object.values(state))
          assert.ok(
            typeof value === 'string' || (Number.isFinite(value) && value >= 0),
            JSON.stringify(state),
          );
        assert.ok(state.pauseUntil >= until && host.pausedMs() <= 300_000);
        assert.ok(state.pace <= 60_000 && state.pace > 0 === (state.paceWhy !== ''));
      }
    }),
  );
});
