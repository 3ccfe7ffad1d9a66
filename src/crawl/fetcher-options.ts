// How whoever fetches for crawls makes a fetcher.
import type { Settings } from '../config/settings.ts';
import type { FetcherOptions } from '../fetch/client.ts';
import { identityFileOf } from '../identity/signs-as.ts';

type OfFetcher = Pick<Settings, 'concurrency' | 'dataDir'> & Pick<FetcherOptions, 'dnsServers'>;

/** The options of a process, which its threads of handlers have too. */
export function fetcherOptionsOf({ concurrency, dnsServers, dataDir }: OfFetcher): FetcherOptions {
  return { concurrency, dnsServers, identityFile: identityFileOf(dataDir) };
}
