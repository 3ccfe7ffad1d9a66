import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Attempt, packAttempts, unpackAttempts } from '../../../src/queue/attempts.ts';

const text = fc.oneof(fc.constantFrom('', 'same', 'other', '1'), fc.string({ maxLength: 20 }));
const maybe = <T>(some: fc.Arbitrary<T>) => fc.oneof(fc.constant(null), some);
const time = maybe(fc.nat(100_000));

const attempt = fc.record(
  {
    at: fc.nat(2_000_000_000_000).map((at) => new Date(at).toISOString()),
    code: fc.constantFrom('E_RESET', 'E_HTTP_5XX'),
    message: text,
    status: maybe(fc.integer({ min: 100, max: 599 })),
    address: maybe(text),
    finalUrl: maybe(text),
    timings: fc.record(
      { dns: time, connect: time, tls: time, firstByte: time, download: time, total: time },
      { noNullPrototype: true },
    ),
    body: maybe(text),
  },
  { noNullPrototype: true },
);

test('attempts come out of their packed form as they went in', () => {
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 6 }), text, (given, url) => {
      const attempts = given.map((one) => ({
        ...one,
        layer: one.code === 'E_RESET' ? 'connect' : 'http',
      })) as Attempt[];
      const stored = JSON.parse(JSON.stringify(packAttempts(attempts, url)));
      assert.deepEqual(unpackAttempts(stored, url), attempts);
    }),
  );
});

test('four attempts that failed alike take little more than one', () => {
  const one: Attempt = {
    ...{ at: new Date().toISOString(), code: 'E_HTTP_5XX', layer: 'http', status: 500, address: '192.0.2.7' },
    ...{
      message: 'The server failed (status 5xx). Status 500.',
      finalUrl: 'https://example.com/a',
      body: 'x'.repeat(300),
    },
    timings: { dns: 1, connect: 2, tls: 3, firstByte: 4, download: 5, total: 6 },
  };
  const size = (count: number) =>
    JSON.stringify(
      packAttempts(
        Array.from({ length: count }, () => one),
        'https://example.com/a',
      ),
    ).length;
  assert.ok(size(4) < size(1) + 250, `${size(1)} and ${size(4)} characters`);
});
