// Fetching through proxies in a test.
import type { TestContext } from 'node:test';
import type { Fetcher, FetcherOptions } from '../../../src/fetch/client.ts';
import { proxiesOf } from '../../../src/fetch/proxy/proxies.ts';
import type { ProxySettings } from '../../../src/fetch/proxy/settings.ts';
import { fetcherFor } from '../fetching.ts';

/** NO_PROXY of the machine counts for no test. */
const plain: ProxySettings = {
  proxy: [],
  noproxy: '',
  proxyDns: false,
  proxyRotation: 'round-robin',
  perProxy: null,
};

export function proxiesFor(settings: Partial<ProxySettings>) {
  const proxies = proxiesOf({ ...plain, ...settings });
  if (proxies === null) throw new Error('no proxy is named');
  return proxies;
}

/** A fetcher that goes through these, and is closed after the test. */
export function proxiedFetcher(
  t: TestContext,
  settings: Partial<ProxySettings>,
  options: Partial<FetcherOptions> = {},
): Fetcher {
  return fetcherFor(t, { ...options, proxies: proxiesFor(settings) });
}
