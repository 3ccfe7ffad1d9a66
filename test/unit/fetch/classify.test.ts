// The table from answers and failures to verdicts: every row, and every code of the catalogue.
import assert from 'node:assert/strict';
import test from 'node:test';
import { catalogue, type ErrorCode, failure } from '../../../src/errors.ts';
import { classify } from '../../../src/fetch/classify.ts';
import { namedTimeOf } from '../../../src/fetch/named-time.ts';
import type { Answer, FetchResult, Verdict } from '../../../src/outcome.ts';

const timings = { dns: null, connect: null, tls: null, firstByte: null, download: null, total: null };
const nowMs = Date.parse('2026-01-01T00:00:00Z');

function answerOf(status: number, headers: Record<string, string> = {}): Answer {
  const rest = { body: new Uint8Array(), address: null, http: '1.1', redirects: 0, timings };
  return { finalUrl: 'http://example.com/', status, headers, ...rest };
}

const verdictOn = (status: number, headers?: Record<string, string>, deadOn: number[] = []): Verdict =>
  classify({ ok: true, answer: answerOf(status, headers) }, { deadOn, nowMs });

const namedOn = (status: number, headers: Record<string, string>) => namedTimeOf({ status, headers }, nowMs);

const rows: [string, number[], Verdict['kind'], ErrorCode | null][] = [
  ['2xx is recorded, without a failure', [200, 201, 204, 206, 299], 'recorded', null],
  [
    '3xx without a target is recorded',
    [300, 301, 302, 303, 304, 305, 307, 308, 399],
    'recorded',
    'E_HTTP_STATUS',
  ],
  ['4xx is recorded', [400, 401, 403, 404, 405, 410, 418, 422, 426, 451, 499], 'recorded', 'E_HTTP_4XX'],
  ['408 and 425 are retried', [408, 425], 'retry', 'E_HTTP_RETRY'],
  ['429 is postponed', [429], 'postponed', 'E_RATE_LIMITED'],
  ['5xx are retried, 503 too', [500, 501, 502, 503, 504, 507, 520, 599], 'retry', 'E_HTTP_5XX'],
  ['statuses of no class are recorded', [600, 999, 199], 'recorded', 'E_HTTP_STATUS'],
];

for (const [promise, statuses, kind, code] of rows) {
  test(promise, () => {
    for (const status of statuses) {
      const verdict = verdictOn(status);
      assert.equal(verdict.kind, kind, String(status));
      assert.equal(verdict.failure?.code ?? null, code, String(status));
      if (verdict.failure)
        assert.ok(verdict.failure.message.includes(`Status ${status}.`), verdict.failure.message);
      assert.equal(verdict.answer?.status, status, 'the answer goes with the verdict');
    }
  });
}

test('a status that --dead-on names is dead, whatever it is otherwise', () => {
  for (const status of [200, 304, 403, 408, 429, 500, 503]) {
    const verdict = verdictOn(status, {}, [status, 418]);
    assert.equal(verdict.kind, 'dead');
    assert.equal(verdict.failure?.code, 'E_HTTP_DEAD_STATUS');
    assert.equal(verdictOn(status, {}, [418]).kind, verdictOn(status).kind);
  }
});

test('an answer that is no success and names a time is postponed, with that time, whatever its status', () => {
  for (const [header, ms] of [
    ['120', 120_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
  ] as const) {
    for (const status of [301, 403, 404, 413, 425, 429, 500, 502, 503, 504]) {
      const verdict = verdictOn(status, { 'retry-after': header });
      assert.ok(verdict.kind === 'postponed', `${status} ${header}`);
      assert.deepEqual(namedOn(status, { 'retry-after': header }), { afterMs: ms, by: 'retry-after' });
      assert.equal(verdict.failure.code, 'E_RATE_LIMITED');
    }
    assert.equal(verdictOn(200, { 'retry-after': header }).kind, 'recorded');
  }
  for (const unread of ['soon', '-5', 'Sun, 06 Nov 1994 08:49:37 GMT']) {
    const verdict = verdictOn(429, { 'retry-after': unread });
    assert.equal(verdict.kind, 'postponed', unread);
    assert.equal(namedOn(429, { 'retry-after': unread }), null);
    assert.equal(verdictOn(503, { 'retry-after': unread }).kind, 'retry', unread);
  }
});

test('a refusal with a spent quota is postponed until its window ends; any other answer is what it is', () => {
  const spent = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' };
  for (const status of [403, 408, 413, 425, 429, 500, 502, 503, 504]) {
    const verdict = verdictOn(status, spent);
    assert.ok(verdict.kind === 'postponed', String(status));
    assert.deepEqual(namedOn(status, spent), { afterMs: 30_000, by: 'quota' });
  }
  for (const status of [200, 401, 404, 410])
    assert.equal(verdictOn(status, spent).kind, verdictOn(status).kind);
  assert.equal(verdictOn(403, { ...spent, 'x-ratelimit-remaining': '1' }).kind, 'recorded');
  const both = { ...spent, 'retry-after': '2' };
  assert.equal(verdictOn(403, both).kind, 'postponed');
  assert.deepEqual(namedOn(403, both), { afterMs: 2000, by: 'retry-after' }, 'Retry-After goes first');
});

const retried: ErrorCode[] = [
  'E_ROBOTS_UNREACHABLE',
  'E_HTTP_5XX',
  'E_HTTP_RETRY',
  'E_DNS_TEMPORARY',
  'E_DNS_TIMEOUT',
  'E_CONNECT_REFUSED',
  'E_CONNECT_UNREACHABLE',
  'E_CONNECT_TIMEOUT',
  'E_PROXY_CONNECT',
  'E_PROXY_AUTH',
  'E_PROXY_REFUSED',
  'E_RENDER_CRASHED',
  'E_RENDER_TIMEOUT',
  'E_RENDER_FAILED',
  'E_RESET',
  'E_TLS_TIMEOUT',
  'E_SEND_TIMEOUT',
  'E_RESPONSE_TIMEOUT',
  'E_READ_TIMEOUT',
  'E_REQUEST_TIMEOUT',
  'E_BODY_TRUNCATED',
  'E_BODY_CHUNKING',
  'E_HANDLER',
  'E_HANDLER_LATER',
  'E_HANDLER_MEMORY',
  'E_HANDLER_THREAD',
  'E_HANDLER_TIMEOUT',
  'E_HANDLER_FETCH',
  'E_HANDLER_SLOT',
];

test('of the failures, the passing ones are retried and all others are dead', () => {
  for (const code of Object.keys(catalogue) as ErrorCode[]) {
    const given = failure(code);
    const result: FetchResult = { ok: false, failure: given, timings, finalUrl: 'http://example.com/' };
    const verdict = classify(result, { deadOn: [], nowMs });
    assert.equal(verdict.kind, retried.includes(code) ? 'retry' : 'dead', code);
    assert.equal(verdict.failure, given);
    assert.equal(verdict.answer, null);
  }
});

test('a status is tried again if the catalogue says so of its code, and recorded if that ends so', () => {
  for (let status = 100; status < 1000; status++) {
    const { kind, failure: reason } = verdictOn(status);
    if (!reason) continue;
    const { retry, ends } = catalogue[reason.code];
    assert.equal(kind === 'retry', retry, `${status} ${kind}`);
    assert.equal(kind === 'recorded', ends === 'recorded', `${status} ${kind}`);
  }
  assert.equal(catalogue.E_HTTP_DEAD_STATUS.ends, 'dead');
});
