// Fetching in a test: a request with generous limits, and its result.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ErrorCode, Failure } from '../../src/errors.ts';
import {
  createFetcher,
  type Fetcher,
  type FetcherOptions,
  type FetchRequest,
} from '../../src/fetch/client.ts';
import type { Answer, FetchResult } from '../../src/outcome.ts';

export const roomyTimeouts = {
  dns: 10_000,
  connect: 10_000,
  tls: 10_000,
  send: 10_000,
  response: 10_000,
  read: 10_000,
  request: 20_000,
};

/** Allows all loopback addresses in addition to public ones. */
export const loopbackAllowed = { cidrs: ['127.0.0.0/8', '::1'], hosts: [] };

/** A GET request with generous limits, changed by `overrides`. */
export function requestTo(url: string, overrides: Partial<FetchRequest> = {}): FetchRequest {
  return {
    url,
    method: 'GET',
    headers: {},
    body: null,
    userAgent: 'drover-test/1.0',
    timeouts: roomyTimeouts,
    maxBytes: 1_000_000,
    maxRedirects: 5,
    allow: loopbackAllowed,
    ...overrides,
  };
}

/** A fetcher that is closed after the test. */
export function fetcherFor(t: TestContext, options: Partial<FetcherOptions> = {}): Fetcher {
  const fetcher = createFetcher({ concurrency: 10, dnsServers: [], proxies: null, ...options });
  t.after(() => fetcher.close());
  return fetcher;
}

/** Closes `opened` after the test, and returns it. */
export function closing<T extends { close(): unknown }>(t: TestContext, opened: T): T {
  t.after(() => opened.close());
  return opened;
}

/** The answer of a fetch. Fails if the fetch failed. */
export function answered(result: FetchResult): Answer {
  assert.ok(result.ok, result.ok ? '' : `failed: ${result.failure.code} ${result.failure.message}`);
  return result.answer;
}

/** The failure of a fetch. Fails if the fetch did not fail with this code. */
export function failed(result: FetchResult, code: ErrorCode): Failure {
  assert.ok(!result.ok, 'there was an answer');
  assert.equal(result.failure.code, code, result.failure.message);
  return result.failure;
}

export const textOf = (answer: Answer) => Buffer.from(answer.body).toString();
