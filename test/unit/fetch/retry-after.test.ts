// Retry-After: seconds and dates as servers write them, and nothing else.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseRetryAfter } from '../../../src/fetch/retry-after.ts';

const now = Date.parse('1994-11-06T08:49:00Z');

test('seconds', () => {
  assert.equal(parseRetryAfter('0', now), 0);
  assert.equal(parseRetryAfter('120', now), 120_000);
  assert.equal(parseRetryAfter(' 5 ', now), 5000);
  assert.equal(parseRetryAfter('1.5', now), 1500);
});

test('the three forms of an HTTP-date, all in UTC', () => {
  for (const date of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ]) {
    assert.equal(parseRetryAfter(date, now), 37_000, date);
  }
});

test('what is absent, negative, past or unreadable is null', () => {
  const unreadable = [
    '',
    ' ',
    '-1',
    '+1',
    '1e3',
    '0x10',
    'soon',
    '5 seconds',
    '10, 20',
    'Infinity',
    'NaN',
    '9'.repeat(400),
  ];
  const dates = [
    'Sun, 06 Nov 1994 08:48:59 GMT',
    '1994-11-06T09:00:00Z',
    'Sun, 99 Nov 1994 08:49:37 GMT',
    '1 Jan 2030',
  ];
  for (const value of [null, undefined, ...unreadable, ...dates])
    assert.equal(parseRetryAfter(value, now), null, String(value));
});

test('any text gives null or a whole number of milliseconds, at least 0', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.double().map(String),
        fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
      ),
      (value) => {
        const ms = parseRetryAfter(value, now);
        assert.ok(ms === null || (Number.isSafeInteger(ms) && ms >= 0), `${value} gave ${ms}`);
      },
    ),
  );
});
