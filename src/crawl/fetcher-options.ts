// How whoever fetches for crawls makes a fetcher.
import type { Settings } from '../config/settings.ts';
import type { FetcherOptions } from '../fetch/client.ts';
import { identityFileOf } from '../identity/signs-as.ts';

/** What a thread of handlers makes its fetcher with. It is told with each request which proxies to use. */
export type ThreadFetcherOptions = Omit<FetcherOptions, 'ca' | 'proxies'>;

type OfThread = Pick<Settings, 'concurrency' | 'dataDir'> & Pick<FetcherOptions, 'dnsServers'>;

/** The options of a process. `proxies` has no default, so that nobody goes around them unawares. */
export function fetcherOptionsOf(given: OfThread & Pick<FetcherOptions, 'proxies'>): FetcherOptions {
  return { ...threadFetcherOptionsOf(given), proxies: given.proxies };
}

/** The options for the threads of the same process. */
export function threadFetcherOptionsOf({ concurrency, dnsServers, dataDir }: OfThread): ThreadFetcherOptions {
  return { concurrency, dnsServers, identityFile: identityFileOf(dataDir) };
}
