import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { failure } from '../../../src/errors.ts';
import {
  causeOf,
  disallowsAll,
  packEntry,
  type RobotsEntry,
  robotsEntryOf,
  unpackEntry,
} from '../../../src/robots/entry.ts';

const time = fc.nat(4e12);
const text = fc.string({ unit: 'grapheme' });
/** Of any bytes, which may be no UTF-8. */
const file = fc
  .tuple(fc.uint8Array(), fc.constantFrom(1, 3000))
  .map(([bytes, times]) => Buffer.from(Buffer.from(bytes).toString('latin1').repeat(times), 'latin1'));
const kind = fc.constantFrom<RobotsEntry['kind'][]>('rules', 'none', 'unreachable');
const entries: fc.Arbitrary<RobotsEntry> = fc
  .tuple(kind, file, text, time, time, time)
  .map(([kind, file, text, fetchedAtMs, freshUntilMs, unreachableSinceMs]) => ({
    ...{ kind, fetchedAtMs, freshUntilMs, unreachableSinceMs },
    file: kind === 'rules' ? file : Buffer.alloc(0),
    reason: kind === 'unreachable' ? text : '',
  }));

test('an entry comes back from its packed form octet by octet, long files in less room', () => {
  fc.assert(fc.property(entries, (entry) => assert.deepEqual(unpackEntry(packEntry(entry)), entry)));
  const file = Buffer.from('Disallow: /private/\n'.repeat(1000));
  const now = { fetchedAtMs: 1, freshUntilMs: 2, unreachableSinceMs: 0 };
  assert.ok(packEntry({ kind: 'rules', file, reason: '', ...now }).length < file.length / 4);
});

test('what is no packed entry is none: other versions, other text, a damaged one', () => {
  const packed = packEntry(
    robotsEntryOf({ kind: 'answer', status: 200, body: Buffer.from('x'.repeat(9000)) }, null, 5),
  );
  for (const wrong of [
    '',
    '\n',
    '1',
    '2 rules 1 2 0 p\n',
    '1 rules 1 2 p\n',
    '1 other 1 2 0 p\n',
    '{"kind":"rules"}',
  ]) {
    assert.equal(unpackEntry(Buffer.from(wrong)), null);
  }
  assert.equal(unpackEntry(packed.subarray(0, packed.length - 2)), null);
  assert.equal(unpackEntry(null), null);
});

const none = new Uint8Array();
const kindOf = (status: number) => robotsEntryOf({ kind: 'answer', status, body: none }, null, 0).kind;

test('RFC 9309 §2.3.1: 2xx has rules, 3xx and 4xx have none, all else is unreachable, and 429 too', () => {
  assert.deepEqual([200, 204, 206].map(kindOf), ['rules', 'rules', 'rules']);
  assert.deepEqual([301, 304, 400, 401, 403, 404, 410, 451, 499].map(kindOf), Array(9).fill('none'));
  assert.deepEqual([500, 503, 599, 429, 100, 600, 999].map(kindOf), Array(7).fill('unreachable'));
});

const day = 86_400_000;

test('RFC 9309 §2.3.1.4: all is disallowed while it is unreachable, for 30 days; an answer in between begins them anew', () => {
  const down = { kind: 'unreachable', cause: failure('E_RESET') } as const;
  const answer = { kind: 'answer', status: 200, body: none } as const;
  const first = robotsEntryOf(down, null, day);
  const later = robotsEntryOf(down, first, 20 * day);
  assert.equal(later.unreachableSinceMs, day);
  assert.ok(
    disallowsAll(first) && disallowsAll(later) && disallowsAll(robotsEntryOf(down, later, 31 * day - 1)),
  );
  assert.equal(disallowsAll(robotsEntryOf(down, later, 31 * day)), false);
  assert.ok(disallowsAll(robotsEntryOf(down, robotsEntryOf(answer, later, 30 * day), 31 * day)));
});

test('a host that is down is asked again after two seconds, then after half the time that it has been down, at most five minutes', () => {
  const down = { kind: 'unreachable', cause: failure('E_RESET') } as const;
  const first = robotsEntryOf(down, null, 1_000_000);
  assert.equal(first.freshUntilMs, 1_002_000);
  assert.equal(robotsEntryOf(down, first, 1_060_000).freshUntilMs, 1_090_000);
  assert.equal(robotsEntryOf(down, first, 9_000_000).freshUntilMs, 9_300_000);
});

test('what was behind an unreachable robots.txt is known again after the trip through Redis, also from an entry of an earlier release', () => {
  const cause = failure('E_DNS_NOT_FOUND', 'gone.example.');
  const entry = robotsEntryOf({ kind: 'unreachable', cause }, null, 5);
  const back = unpackEntry(packEntry(entry));
  assert.deepEqual(back && causeOf(back), cause);
  const old =
    '1 unreachable 5 2005 5 p\nE_CONNECT_REFUSED Nothing listens on that host and port. a:80: ECONNREFUSED.';
  const known = unpackEntry(Buffer.from(old));
  assert.deepEqual(known && causeOf(known), failure('E_CONNECT_REFUSED', 'a:80: ECONNREFUSED.'));
  // An answer is no failure of the way there, and a file that is there has none.
  for (const status of [503, 404])
    assert.equal(
      causeOf(robotsEntryOf({ kind: 'answer', status, body: Buffer.from('E_RESET x') }, null, 5)),
      null,
    );
  assert.equal(
    causeOf(robotsEntryOf({ kind: 'answer', status: 200, body: Buffer.from('E_RESET x') }, null, 5)),
    null,
  );
});
