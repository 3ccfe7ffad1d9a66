// What single answers tell about their host.
import assert from 'node:assert/strict';
import test from 'node:test';
import { failure } from '../../../src/errors.ts';
import type { FetchResult, NamedTime } from '../../../src/outcome.ts';
import { signalOf } from '../../../src/politeness/answer-signal.ts';

const START = 1_700_000_000_000;
const timings = { dns: null, connect: null, tls: null, firstByte: null, download: null, total: null };
const named = (afterMs: number): NamedTime => ({ afterMs, by: 'retry-after' });

const resultOf = (status: number, headers: Record<string, string> = {}): FetchResult => {
  const rest = { finalUrl: 'http://a.test/', body: new Uint8Array(), address: null, redirects: 0, timings };
  return { ok: true, answer: { status, headers, http: '1.1', ...rest } };
};
const failed = (code: 'E_RESET' | 'E_CONNECT_REFUSED'): FetchResult => ({
  ...{ ok: false, failure: failure(code), timings, finalUrl: 'http://a.test/' },
});
const signal = (result: FetchResult, attempt = 1, time: NamedTime | null = null) =>
  signalOf(result, time, { attempt, longestMs: 300_000, nowMs: START });

test('what answers say of their host', () => {
  for (const status of [200, 204, 301, 404, 410, 403]) assert.equal(signal(resultOf(status)).kind, 'good');
  for (const status of [500, 502, 503, 504]) {
    assert.equal(signal(resultOf(status)).kind, 'failure');
    assert.equal(signal(resultOf(status), 2).kind, 'retried');
    assert.equal(signal(resultOf(status), 1, named(1000)).kind, 'refusal');
  }
  assert.equal(signal(resultOf(429)).kind, 'refusal');
  assert.equal(signal(failed('E_RESET')).kind, 'failure');
  assert.equal(signal(failed('E_RESET'), 3).kind, 'retried');
  assert.equal(signal(failed('E_CONNECT_REFUSED')).kind, 'nothing');
  assert.deepEqual(signal(resultOf(200), 1, named(1000)), { kind: 'good', named: named(1000), quota: null });
});

test('a spent quota pauses the host until its window ends, a small one spreads the starts, whatever the status', () => {
  const headers = { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' };
  for (const status of [200, 404])
    assert.deepEqual(signal(resultOf(status, headers)).named, { afterMs: 30_000, by: 'quota' });
  const few = signal(resultOf(200, { ...headers, 'x-ratelimit-remaining': '10' }));
  assert.deepEqual(few.quota, { intervalMs: 3000, forMs: 30_000 });
  assert.equal(signal(resultOf(200, { ...headers, 'x-ratelimit-remaining': '90' })).quota, null);
});
