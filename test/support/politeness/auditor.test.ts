import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { LogEntry } from '../site/site.ts';
import {
  type AuditedLimits,
  askedAgain,
  audit,
  leastMs,
  mostInFlight,
  mostStartsIn,
  PAUSE_KNOWN_AFTER_MS,
  pausesTold,
  smallestGapMs,
  startsDuring,
  violationsOf,
} from './auditor.ts';

const asked = (start: number, end: number, path = '/', host = 'a', status = 200): LogEntry => ({
  ...{ start, end, path, host, status },
  ...{ method: 'GET', remoteAddress: '127.0.0.1', remotePort: 1 },
});
const refused = (start: number, end: number) => asked(start, end, '/', 'a', 429);

const unlimited: AuditedLimits = { concurrency: 1000, delayMs: 0 };
const TOLERANCE_MS = 5;

/** What is found, in short: kind, the two starts, how much too early. */
function found(log: readonly LogEntry[], limits: Partial<AuditedLimits>, retryAfterMs = 0) {
  const pauses = pausesTold(log, retryAfterMs);
  return violationsOf(log, { ...unlimited, ...limits }, pauses, TOLERANCE_MS).map(
    ({ kind, earlier, later, earlyMs }) => [kind, earlier.start, later.start, earlyMs],
  );
}

test('the most in flight is the largest number of requests that overlap at one instant', () => {
  assert.equal(mostInFlight([]), 0);
  assert.equal(mostInFlight([asked(0, 10), asked(5, 6), asked(5.5, 20), asked(15, 16)]), 3);
});

test('a request that starts as another ends does not overlap it', () => {
  assert.equal(mostInFlight([asked(10, 20), asked(0, 10), asked(20, 30)]), 1);
});

test('the most in flight is what counting at every start gives', () => {
  const span = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 20 }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 30 }), (spans) => {
      const log = spans.map(([start, length]) => asked(start, start + length));
      const counted = log.map(
        ({ start }) => log.filter((other) => other.start <= start && other.end > start).length,
      );
      assert.equal(mostInFlight(log), Math.max(0, ...counted));
    }),
  );
});

test('the smallest gap is between starts, in whatever order the requests ended', () => {
  assert.equal(smallestGapMs([asked(100, 101)]), Number.POSITIVE_INFINITY);
  assert.equal(smallestGapMs([asked(100, 101), asked(0, 200), asked(130, 131)]), 30);
});

test('a window counts its first instant and not its last', () => {
  const log = [0, 10, 20, 30].map((start) => asked(start, start + 1));
  assert.equal(mostStartsIn(log, 20), 2);
  assert.equal(mostStartsIn(log, 20.1), 3);
  assert.equal(mostStartsIn([], 20), 0);
});

test('a start during a pause is found, one at its edges is not', () => {
  const log = [asked(10, 11), asked(15, 16), asked(20, 21)];
  assert.deepEqual(startsDuring(log, [{ fromMs: 10, untilMs: 20 }]), [log[1]]);
});

test('a URL asked for twice is named, the same path of another host is not', () => {
  assert.deepEqual(
    askedAgain([asked(0, 1, '/x'), asked(2, 3, '/x', 'b'), asked(4, 5, '/y'), asked(6, 7, '/x')]),
    ['a/x'],
  );
});

test('each host is audited by itself', () => {
  const audited = audit([asked(0, 10), asked(1, 2, '/', 'b'), asked(4, 5)]);
  assert.deepEqual(audited.get('a'), { requests: 2, mostInFlight: 2, smallestGapMs: 4 });
  assert.deepEqual(audited.get('b'), {
    requests: 1,
    mostInFlight: 1,
    smallestGapMs: Number.POSITIVE_INFINITY,
  });
});

test('a start while all slots are taken is found, with whom it had to wait for; one as a slot becomes free is not', () => {
  const log = [asked(0, 30), asked(5, 20), asked(20, 40), asked(29, 50), asked(31, 32)];
  assert.deepEqual(found(log, { concurrency: 2 }), [
    ['concurrency', 0, 29, 1],
    ['concurrency', 20, 31, 9],
  ]);
  assert.deepEqual(found(log, { concurrency: 3 }), []);
  assert.deepEqual(
    found([asked(0, 10), asked(9.999, 12)], { concurrency: 1 }).length,
    1,
    'without tolerance',
  );
});

test('two too many in flight are two violations, each as early as the end that it had to wait for', () => {
  const log = [asked(0, 30), asked(1, 20), asked(2, 40)];
  assert.deepEqual(found(log, { concurrency: 1 }), [
    ['concurrency', 0, 1, 29],
    ['concurrency', 0, 2, 28],
  ]);
});

test('a client that went away may have been gone for the tolerance, no longer', () => {
  const gone = (end: number) => [asked(0, end, '/', 'a', 499), asked(100, 110)];
  assert.deepEqual(found(gone(105), { concurrency: 1 }), []);
  assert.deepEqual(found(gone(106), { concurrency: 1 }), [['concurrency', 0, 100, 1]]);
});

test('limits are kept exactly where no more are in flight than allowed at any start', () => {
  const span = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 20 }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 30 }), fc.integer({ min: 1, max: 6 }), (spans, concurrency) => {
      const log = spans.map(([start, length]) => asked(start, start + length));
      assert.equal(found(log, { concurrency }).length === 0, mostInFlight(log) <= concurrency);
    }),
  );
});

test('a start closer to the one before it than the delay is found, one at the tolerance is not', () => {
  const log = [asked(0, 1), asked(94.9, 300), asked(189.9, 190), asked(300, 301)];
  assert.deepEqual(found(log, { delayMs: 100 }), [['delay', 0, 94.9, 100 - 94.9]]);
});

test('a server that was held up when it stamped the first of two starts does not accuse of what that explains', () => {
  const late = (lateMs: number) => [{ ...asked(30, 31), lateMs }, asked(100, 101)];
  assert.deepEqual(found(late(30), { delayMs: 100 }), []);
  assert.deepEqual(found(late(29), { delayMs: 100 }), [['delay', 30, 100, 30]]);
  assert.deepEqual(found([asked(30, 31), { ...asked(100, 101), lateMs: 90 }], { delayMs: 100 }).length, 1);
});

test('the delay is between starts, in whatever order the requests ended', () => {
  assert.deepEqual(found([asked(50, 51), asked(0, 200)], { delayMs: 100 }), [['delay', 0, 50, 50]]);
});

test('one start more in a window than the rate is found, with the first of the window; at the tolerance it is not', () => {
  const rate = { max: 3, durationMs: 1000 };
  const log = [0, 10, 20, 994, 1005, 1016].map((start) => asked(start, start + 1));
  assert.deepEqual(found(log, rate), [['rate', 0, 994, 6]]);
  assert.deepEqual(found([asked(0, 1), asked(1, 2), asked(2, 3), asked(995, 996)], rate), []);
});

test('a start in a pause is found, with the answer that asked for it; not before the others know, nor at its end', () => {
  const known = 10 + PAUSE_KNOWN_AFTER_MS;
  const log = [refused(0, 10), ...[9, known, known + 1, 1004, 1005].map((start) => asked(start, start + 1))];
  assert.deepEqual(found(log, {}, 1000), [
    ['pause', 0, known + 1, 1010 - known - 1],
    ['pause', 0, 1004, 6],
  ]);
});

test('a start that may have come before the pause was known does not break it, if the server was held up', () => {
  const late = (lateMs: number) => [refused(0, 10), { ...asked(90, 91), lateMs }];
  assert.deepEqual(found(late(80 - PAUSE_KNOWN_AFTER_MS), {}, 1000), []);
  assert.deepEqual(found(late(79 - PAUSE_KNOWN_AFTER_MS), {}, 1000), [['pause', 0, 90, 920]]);
});

test('each limit is audited for itself: one start may break several', () => {
  const log = [refused(0, 10), asked(50, 60), asked(55, 70)];
  const kinds = found(log, { concurrency: 1, delayMs: 20, max: 1, durationMs: 30 }, 40).map(([kind]) => kind);
  assert.deepEqual(kinds, ['concurrency', 'delay', 'rate']);
});

test('the least time of a host with slots is that of its requests laid end to end in them', () => {
  const log = Array.from({ length: 10 }, (_, n) => asked(n * 100, n * 100 + 30));
  assert.equal(leastMs(log, { concurrency: 1, delayMs: 0 }, 0), 300);
  assert.equal(leastMs(log, { concurrency: 5, delayMs: 0 }, 0), 60);
  assert.equal(leastMs([], { concurrency: 5, delayMs: 0 }, 0), 0);
  assert.equal(leastMs([asked(0, 90), asked(0, 30)], { concurrency: 2, delayMs: 0 }, 0), 90);
});

test('the least time of a host with a delay or a rate is that of its starts, and of the last request', () => {
  const log = Array.from({ length: 10 }, (_, n) => asked(n * 500, n * 500 + 30));
  assert.equal(leastMs(log, { concurrency: 4, delayMs: 100 }, 0), 930);
  assert.equal(leastMs(log, { concurrency: 4, delayMs: 0, max: 5, durationMs: 1000 }, 0), 1830);
  assert.equal(leastMs(log, { concurrency: 1, delayMs: 20 }, 0), 300);
});

test('what started before a 429 was known is not held up by it, wherever it comes in the least time', () => {
  const log = [asked(0, 30), refused(0, 30), asked(30 + PAUSE_KNOWN_AFTER_MS, 90)];
  assert.equal(leastMs(log, { concurrency: 2, delayMs: 0 }, 1000), 30 + 60 - PAUSE_KNOWN_AFTER_MS);
});

test('pauses that overlap end with the last of them', () => {
  const log = [refused(0, 10), refused(0, 20), asked(3000, 3030)];
  assert.equal(leastMs(log, { concurrency: 2, delayMs: 0 }, 1000), 20 + 1000 + 30);
});

test('a pause takes its Retry-After, less the delay that passes in it anyway', () => {
  const log = [asked(0, 30), refused(100, 130), asked(2000, 2030), asked(2100, 2130)];
  assert.equal(leastMs(log, { concurrency: 1, delayMs: 0 }, 1000), 30 + 30 + 1000 + 30 + 30);
  assert.equal(leastMs(log, { concurrency: 1, delayMs: 500 }, 1000), 500 + 30 + 1000 + 500 + 30);
});

test('no client that keeps the limits is done in less than the least time, and one that loses none is in just that', () => {
  const limits = { concurrency: 2, delayMs: 10, max: 1, durationMs: 15 };
  const step = fc.record({
    slackMs: fc.integer({ min: 0, max: 9 }),
    tookMs: fc.integer({ min: 1, max: 90 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
      const log: LogEntry[] = [];
      for (const { slackMs, tookMs } of steps) {
        const freeAt = log.map(({ end }) => end).toSorted((a, b) => b - a)[limits.concurrency - 1] ?? 0;
        const start = Math.max((log.at(-1)?.start ?? -15) + 15, freeAt) + slackMs;
        log.push(asked(start, start + tookMs));
      }
      assert.deepEqual(violationsOf(log, limits, [], 0), []);
      const tookMs = Math.max(...log.map(({ end }) => end)) - (log[0]?.start ?? 0);
      assert.ok(leastMs(log, limits, 0) <= tookMs);
      if (steps.every(({ slackMs }) => slackMs === 0)) assert.equal(leastMs(log, limits, 0), tookMs);
    }),
  );
});
