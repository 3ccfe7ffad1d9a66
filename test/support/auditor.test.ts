import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { askedAgain, audit, mostInFlight, mostStartsIn, smallestGapMs, startsDuring } from './auditor.ts';
import type { LogEntry } from './site.ts';

const asked = (start: number, end: number, path = '/', host = 'a'): LogEntry => ({
  ...{ start, end, path, host },
  ...{ method: 'GET', status: 200, remotePort: 1 },
});

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
