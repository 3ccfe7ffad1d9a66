// How whoever fetches for crawls makes a fetcher.
import type { Settings } from '../config/settings.ts';
import type { FetcherOptions } from '../fetch/client.ts';
import { type NetworkSettings, networkSettingsOf } from '../fetch/network/settings.ts';
import { identityFileOf } from '../identity/signs-as.ts';

type Sources = 'proxies' | 'credentials';

/** What a thread of handlers makes its fetcher with. It asks for proxies and credentials with each. */
export type ThreadFetcherOptions = Omit<FetcherOptions, 'ca' | Sources>;

/** The settings of whoever fetches. */
export type FetchingSettings = Pick<Settings, 'dataDir'> &
  Pick<FetcherOptions, 'dnsServers'> &
  NetworkSettings;

/** Without all other settings: for another thread or process. */
export function fetchingSettingsOf(settings: FetchingSettings): FetchingSettings {
  const { dataDir, dnsServers } = settings;
  return { dataDir, dnsServers, ...networkSettingsOf(settings) };
}

type OfThread = FetchingSettings & Pick<FetcherOptions, 'concurrency'>;

/** The options of a process. `proxies` has no default, so that nobody goes around them unawares. */
export function fetcherOptionsOf(given: OfThread & Required<Pick<FetcherOptions, Sources>>): FetcherOptions {
  const { proxies, credentials } = given;
  return { ...threadFetcherOptionsOf(given), proxies, credentials };
}

/** The options for the threads of the same process. */
export function threadFetcherOptionsOf(given: OfThread): ThreadFetcherOptions {
  const { concurrency, dnsServers, dataDir } = given;
  const network = networkSettingsOf(given);
  return { concurrency, dnsServers, identityFile: identityFileOf(dataDir), network };
}
