// Fetching over HTTP/2 in a test.
import type { TestContext } from 'node:test';
import type { Fetcher, FetcherOptions, FetchRequest } from '../../../src/fetch/client.ts';
import { fetcherFor, requestTo } from '../fetching.ts';
import { testAuthority } from '../site/hostile-tls.ts';

/** A request that may share its connection. */
export function sharing(url: string, overrides: Partial<FetchRequest> = {}): FetchRequest {
  return requestTo(url, { http2: () => true, ...overrides });
}

/** A fetcher for 300 requests at once, which trusts the certificates of the tests. */
export function secondFetcher(t: TestContext, options: Partial<FetcherOptions> = {}): Fetcher {
  return fetcherFor(t, { concurrency: 300, ca: testAuthority, ...options });
}

/** Fetches `count` paths of the server at once: /0, /1, … */
export function fetchMany(
  fetcher: Fetcher,
  url: string,
  count: number,
  overrides: Partial<FetchRequest> = {},
) {
  return Promise.all(
    Array.from({ length: count }, (_, index) => fetcher.fetch(sharing(`${url}/${index}`, overrides))),
  );
}
