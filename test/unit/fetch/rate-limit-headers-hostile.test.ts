// Rate limit headers of any content: nothing comes out of nonsense, and none takes long.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readQuotas } from '../../../src/fetch/rate-limit-headers.ts';

/** Far from UTC, so that a date read in local time is seen. */
process.env.TZ = 'Pacific/Auckland';

const now = Date.parse('2026-03-01T12:00:00.250Z');
const unix = Math.floor(now / 1000);

test('any header gives null or a quota in whole numbers, of a day at most', () => {
  const piece = fc.constantFrom(
    ...[
      '"a"',
      'a',
      '"',
      '\\',
      ',',
      ', ',
      ';',
      '=',
      ' ',
      ':',
      'r=',
      't=',
      'q=',
      'w=',
      'qu=',
      'limit=',
      'remaining=',
    ],
    ...[
      'reset=',
      '0',
      '1',
      '50',
      '-',
      '.',
      '1e9',
      '99999',
      `${unix + 9}`,
      `${now + 9}`,
      '9'.repeat(16),
      'GMT',
    ],
    ...['2026-03-01T12:01:00Z', 'Sun, 01 Mar 2026 12:01:00 GMT', '__proto__', '\0', 'ü'],
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const value = fc.oneof(text, fc.string(), fc.double().map(String));
  const names = ['ratelimit', 'ratelimit-policy'];
  for (const prefix of ['', 'x-'])
    names.push(...['limit', 'remaining', 'reset'].map((name) => `${prefix}ratelimit-${name}`));
  const headers = fc.dictionary(fc.constantFrom(...names), value);
  const inWholeNumbers = (number: number) => Number.isSafeInteger(number) && number >= 0;
  fc.assert(
    fc.property(headers, (headers) => {
      const quota = readQuotas(headers, now)?.tightest ?? null;
      if (quota === null) return;
      assert.ok(inWholeNumbers(quota.remaining), JSON.stringify(quota));
      assert.ok(quota.limit === null || inWholeNumbers(quota.limit), JSON.stringify(quota));
      assert.ok(inWholeNumbers(quota.resetMs) && quota.resetMs <= 86_400_000, JSON.stringify(quota));
    }),
    { numRuns: 10_000 },
  );
});

test('a hostile header of 64 KiB takes no more than linear time', () => {
  const parts = [
    '"',
    '\\"',
    ',',
    ';',
    '=',
    '"a";r=1;t=1,',
    'r=1;',
    '1,',
    ' ',
    ' ,',
    'Sun, 0',
    'Sun,',
    'limit=1,',
    '1',
    '"a\\',
  ];
  for (const part of parts) {
    const value = part.repeat(65_536 / part.length);
    const start = performance.now();
    readQuotas({ ratelimit: value, 'ratelimit-policy': value }, now);
    readQuotas(
      { ratelimit: `"a";r=1,${'"a";r=1;t=1,'.repeat(60)}`, 'ratelimit-policy': `"a";${value}` },
      now,
    );
    for (const reset of ['5', value]) {
      readQuotas(
        { 'x-ratelimit-limit': value, 'x-ratelimit-remaining': value, 'x-ratelimit-reset': reset },
        now,
      );
      readQuotas({ 'x-ratelimit-remaining': '5', 'x-ratelimit-reset': `${reset}${value}` }, now);
    }
    assert.ok(performance.now() - start < 1000, part);
  }
});
