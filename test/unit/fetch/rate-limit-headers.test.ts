// What servers tell of their rate limits: every form of the draft, the forms before it, and the interval that
// follows from them.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { intervalOf, type Quota, readQuotas } from '../../../src/fetch/rate-limit-headers.ts';

const readQuota = (headers: Record<string, string>, nowMs: number): Quota | null =>
  readQuotas(headers, nowMs)?.tightest ?? null;

/** Far from UTC, so that a date read in local time is seen. */
process.env.TZ = 'Pacific/Auckland';

const now = Date.parse('2026-03-01T12:00:00.250Z');
const unix = Math.floor(now / 1000);

const forms: [string, Record<string, string>, Quota][] = [
  [
    'the newest draft',
    { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"default";q=100;w=60' },
    { remaining: 50, resetMs: 30_000, limit: 100 },
  ],
  [
    'the newest draft without a policy',
    { ratelimit: '"default";r=0;t=50' },
    { remaining: 0, resetMs: 50_000, limit: null },
  ],
  [
    'the newest draft without an effective window, where the policy has one',
    {
      ratelimit: '"day";r=5',
      'ratelimit-policy': '"hour";q=10;w=3600, "day";q=100;w=86400;pk=:cHsdsRa894==:',
    },
    { remaining: 5, resetMs: 86_400_000, limit: 100 },
  ],
  [
    'white space, a token for the name, parameters that nobody knows, and one twice',
    {
      ratelimit: ' 100-in-1min ; r=40 ;acme="r=9;t=9, x" ; t=1; t=20 ',
      'ratelimit-policy': '100-in-1min; q=100; w=60',
    },
    { remaining: 40, resetMs: 20_000, limit: 100 },
  ],
  [
    'names with commas, semicolons and quotes',
    { ratelimit: '"a,\\";r=1;t=1";r=7;t=9', 'ratelimit-policy': '"a,\\";r=1;t=1";q=8;w=10' },
    { remaining: 7, resetMs: 9000, limit: 8 },
  ],
  [
    'draft 07',
    { ratelimit: 'limit=100, remaining=50, reset=30' },
    { remaining: 50, resetMs: 30_000, limit: 100 },
  ],
  [
    'draft 07 in another order',
    { ratelimit: 'reset=5;x=1,remaining=3;y,limit=10', 'ratelimit-policy': '10;w=10, 100;w=60' },
    { remaining: 3, resetMs: 5000, limit: 10 },
  ],
  [
    'the oldest drafts',
    {
      'ratelimit-limit': '100, 100;w=60;comment="a, b"',
      'ratelimit-remaining': '50',
      'ratelimit-reset': '30',
    },
    { remaining: 50, resetMs: 30_000, limit: 100 },
  ],
  [
    'a window in place of a reset',
    { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '40;w=21600' },
    { remaining: 40, resetMs: 21_600_000, limit: 100 },
  ],
  ...['x-ratelimit', 'x-rate-limit'].map((prefix): [string, Record<string, string>, Quota] => [
    prefix,
    { [`${prefix}-limit`]: '60', [`${prefix}-remaining`]: '20', [`${prefix}-reset`]: '10' },
    { remaining: 20, resetMs: 10_000, limit: 60 },
  ]),
  [
    'no limit',
    { 'x-ratelimit-remaining': '20', 'x-ratelimit-reset': '10' },
    { remaining: 20, resetMs: 10_000, limit: null },
  ],
  [
    'X-RateLimit with a reset in seconds, as Go writes it',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2s' },
    { remaining: 0, resetMs: 2000, limit: null },
  ],
  [
    'X-RateLimit with a duration of several units',
    { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '1h2m3.5s' },
    { remaining: 3, resetMs: 3_723_500, limit: null },
  ],
  [
    'X-RateLimit with a reset in milliseconds, by unit',
    { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '250ms' },
    { remaining: 3, resetMs: 250, limit: null },
  ],
  [
    'Discord: reset-after before the time of day',
    {
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': `${unix + 999}.123`,
      'x-ratelimit-reset-after': '2.0',
    },
    { remaining: 0, resetMs: 2000, limit: 5 },
  ],
  [
    'a reset in milliseconds, by name',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-ms': '1500' },
    { remaining: 0, resetMs: 1500, limit: null },
  ],
  [
    'a reset in Unix milliseconds, by name',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-ms': String(now + 1500) },
    { remaining: 0, resetMs: 1500, limit: null },
  ],
  [
    'OpenAI and Groq: requests under names of their own, tokens passed over',
    {
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    },
    { remaining: 59, resetMs: 1000, limit: 60 },
  ],
];

for (const [name, headers, quota] of forms) {
  test(`a quota is read from ${name}`, () => assert.deepEqual(readQuota(headers, now), quota));
}

function withReset(reset: string): Quota | null {
  return readQuota(
    { 'x-ratelimit-limit': '9', 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': reset },
    now,
  );
}

test('a reset is seconds, Unix time in seconds or milliseconds, or a date, told apart by size and form', () => {
  const resets: Record<string, number> = {
    '0': 0,
    '1': 1000,
    '2.5': 2500,
    '0.0001': 1,
    '86400': 86_400_000,
    [unix + 1]: 750,
    [unix + 60]: 59_750,
    [`${unix + 60}.25`]: 60_000,
    [unix + 86_400]: 86_399_750,
    [now + 1]: 1,
    [now]: 0,
    [now + 86_400_000]: 86_400_000,
    '2026-03-01T12:01:00Z': 59_750,
    '2026-03-01T12:01:00.25Z': 60_000,
    '2026-03-01T13:01:00+01:00': 59_750,
    '2026-03-01T07:01-0500': 59_750,
    '2026-03-01 12:01:00': 59_750,
    '2026-03-01T12:01:00': 59_750,
    'Sun, 01 Mar 2026 12:01:00 GMT': 59_750,
    'Sunday, 01-Mar-26 12:01:00 GMT': 59_750,
    'Sun Mar  1 12:01:00 2026': 59_750,
  };
  for (const [reset, resetMs] of Object.entries(resets))
    assert.equal(withReset(reset)?.resetMs, resetMs, reset);
});

test('a reset in the past, in more than a day, negative or unreadable tells nothing', () => {
  const unreadable = [
    ...[
      '',
      ' ',
      '-1',
      '+1',
      '1e3',
      '0x10',
      'NaN',
      'Infinity',
      'soon',
      '10 seconds',
      '9'.repeat(400),
      '60;',
      '30, 60',
    ],
    ...['86401', '604800', `${unix}`, `${unix - 1}`, `${unix + 86_402}`, `${now - 1}`, `${now + 86_400_001}`],
    ...['2026-03-01T12:00:00Z', '2026-03-03T12:00:00Z', '2026-13-01T12:00:00Z', '2026-03-01', '12:01:00'],
    ...['Sun, 01 Mar 2026 11:59:59 GMT', 'Sun, 01 Mar 2026 12:01:00 CET', 'Tue, 03 Mar 2026 12:00:00 GMT'],
  ];
  for (const reset of unreadable) {
    assert.equal(withReset(reset), null, reset);
    if (!/[,;]/.test(reset)) assert.equal(readQuota({ ratelimit: `"a";r=1;t=${reset}` }, now), null, reset);
  }
});

test('a remaining that is no number tells nothing, and a limit that is none is left out', () => {
  for (const text of ['', '-1', 'unlimited', '1e3', '1/60', '9'.repeat(20), '0x1', 'null']) {
    assert.equal(readQuota({ 'x-ratelimit-remaining': text, 'x-ratelimit-reset': '5' }, now), null, text);
    assert.equal(readQuota({ ratelimit: `"a";r=${text};t=5` }, now), null, text);
    assert.equal(readQuota({ ratelimit: `limit=5, remaining=${text}, reset=5` }, now), null, text);
    const withLimit = { 'x-ratelimit-limit': text, 'x-ratelimit-remaining': '4', 'x-ratelimit-reset': '5' };
    assert.deepEqual(readQuota(withLimit, now), { remaining: 4, resetMs: 5000, limit: null }, text);
  }
  assert.equal(readQuota({ 'x-ratelimit-remaining': '1.9', 'x-ratelimit-reset': '5' }, now)?.remaining, 1);
});

test('headers that lack something or tell a policy alone tell nothing', () => {
  const lacking: Record<string, string>[] = [
    {},
    { 'ratelimit-policy': '"default";q=100;w=60' },
    { ratelimit: '"default";r=999;pk=:dHJpYWwxMjEzMjM=:' },
    { ratelimit: '"default";t=5' },
    { ratelimit: 'limit=5, reset=5' },
    { ratelimit: 'limit=5, remaining=5' },
    { ratelimit: '', 'x-ratelimit-remaining': '', 'x-ratelimit-reset': '' },
    { 'x-ratelimit-limit': '5', 'x-ratelimit-reset': '5' },
    { 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '5' },
    { 'x-ratelimit-remaining': '5', 'x-rate-limit-reset': '5' },
    { 'retry-after': '5' },
  ];
  for (const headers of lacking) assert.equal(readQuota(headers, now), null, JSON.stringify(headers));
});

test('quotas of bytes and of concurrent requests are passed over', () => {
  const policy = (unit: string) => ({
    ratelimit: '"a";r=1;t=5',
    'ratelimit-policy': `"a";q=9;qu=${unit};w=5`,
  });
  assert.equal(readQuota(policy('"content-bytes"'), now), null);
  assert.equal(readQuota(policy('"concurrent-requests"'), now), null);
  assert.equal(readQuota(policy('"requests"'), now)?.limit, 9);
  assert.equal(readQuota(policy('"request"'), now)?.limit, 9);
});

test('of several quotas the one with the longest interval counts, wherever it stands', () => {
  const tight = { remaining: 10, resetMs: 36_000_000, limit: 1000 };
  const policies = '"default";q=100;w=60, "daily";q=1000;w=86400';
  for (const ratelimit of [
    '"default";r=20;t=30, "daily";r=10;t=36000',
    '"daily";r=10;t=36000,"default";r=0;t=30',
    '"default";r=-1;t=30, "daily";r=10;t=36000, "daily";r=1;t=90000, "other";r=30;t=90',
  ]) {
    assert.deepEqual(readQuota({ ratelimit, 'ratelimit-policy': policies }, now), tight, ratelimit);
  }
  const triple = {
    'x-ratelimit-limit': '100, 1000',
    'x-ratelimit-remaining': '90, 10',
    'x-ratelimit-reset': '9, 36000',
  };
  assert.deepEqual(readQuota(triple, now), tight);
  assert.deepEqual(readQuota({ ...triple, ratelimit: '"a";r=100;t=36000' }, now), tight);
  assert.deepEqual(readQuota({ ...triple, ratelimit: 'limit=9, remaining=0, reset=3700' }, now), {
    remaining: 0,
    resetMs: 3_700_000,
    limit: 9,
  });
});

test('lists go together by their order, dates with their commas included, and lists of other lengths do not', () => {
  const read = (limit: string, remaining: string, reset: string) =>
    readQuota(
      { 'x-ratelimit-limit': limit, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset },
      now,
    );
  const dates = 'Sun, 01 Mar 2026 12:00:01 GMT, Sun, 01 Mar 2026 12:01:00 GMT';
  assert.deepEqual(read('5, 6', '1, 2', dates), { remaining: 2, resetMs: 59_750, limit: 6 });
  assert.deepEqual(read('5', '1, 2', '1, 9'), { remaining: 2, resetMs: 9000, limit: null });
  assert.deepEqual(read('5', '1, ', ', 9'), { remaining: 1, resetMs: 9000, limit: 5 });
  assert.equal(read('5, 6', '1, 2', '9'), null);
  assert.equal(read('5, 6', '1', '9, 9'), null);
});

test('the interval is 0 while more than half is left, then spreads what is left over the time that is left', () => {
  assert.equal(intervalOf({ remaining: 51, resetMs: 30_000, limit: 100 }), 0);
  assert.equal(intervalOf({ remaining: 50, resetMs: 30_000, limit: 100 }), 600);
  assert.equal(intervalOf({ remaining: 1, resetMs: 30_000, limit: 100 }), 30_000);
  assert.equal(intervalOf({ remaining: 0, resetMs: 30_000, limit: 100 }), 30_000);
  assert.equal(intervalOf({ remaining: 0, resetMs: 30_000, limit: 0 }), 30_000);
  assert.equal(intervalOf({ remaining: 0, resetMs: 0, limit: null }), 0);
  assert.equal(intervalOf({ remaining: 7, resetMs: 100, limit: null }), 15);
});

test('starts at the interval never use up more than is left, and a shorter interval could', () => {
  const quota = fc.record({
    remaining: fc.nat(5000),
    resetMs: fc.nat(86_400_000),
    limit: fc.constantFrom(null, 0, 10, 1000),
  });
  fc.assert(
    fc.property(quota, (quota) => {
      const interval = intervalOf(quota);
      assert.ok(Number.isSafeInteger(interval) && interval >= 0 && interval <= quota.resetMs);
      if (quota.limit !== null && quota.remaining > quota.limit / 2) return assert.equal(interval, 0);
      const allowed = Math.max(1, quota.remaining);
      assert.ok(interval * allowed >= quota.resetMs);
      assert.ok(interval === 0 || (interval - 1) * allowed < quota.resetMs);
    }),
  );
});
