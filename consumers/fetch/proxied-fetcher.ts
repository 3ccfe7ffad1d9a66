// The fetcher of a consumer, the network and the proxies that it goes through, and its credentials.
import type { Settings } from '../../src/config/settings.ts';
import { fetcherOptionsOf, threadFetcherOptionsOf } from '../../src/crawl/fetcher-options.ts';
import { DroverError } from '../../src/errors.ts';
import { createFetcher } from '../../src/fetch/client.ts';
import { credentialsOf } from '../../src/fetch/credentials/credentials.ts';
import { networkOf } from '../../src/fetch/network/network.ts';
import { proxiesOf } from '../../src/fetch/proxy/proxies.ts';
import type { Log } from '../../src/log.ts';
import { gathered } from '../../src/metrics.ts';
import type { ConsumerContext } from '../context.ts';

/** Where the fetcher gets from what is not the same for all hops. */
export type FetchSources = Pick<ConsumerContext, 'proxies' | 'credentials'>;

/**
 * Opens the proxies and the credentials, and checks the settings of the network. Says what is a danger, and
 * which proxies there are: what is fetched leaves by another way than the user may think. Throws E_SETTING
 * and E_FILE.
 */
export async function openFetchSources(
  settings: Settings,
  log: Log,
  say: (line: string) => void = () => undefined,
): Promise<FetchSources> {
  const credentials = credentialsOf(settings);
  for (const warning of [...(await networkWarnings(settings)), ...((await credentials?.open()) ?? [])]) {
    log.warn(warning);
    say(`warning: ${warning}`);
  }
  const proxies = proxiesOf(settings);
  if (proxies !== null) {
    const line = await proxies.open();
    log.info(line);
    say(line);
  }
  return { proxies, credentials };
}

/**
 * Before a crawl begins that is fetched here: so that a wrong file or setting of this process leaves no crawl
 * behind. Throws what openFetchSources throws.
 */
export async function checkFetchSources(settings: Settings): Promise<void> {
  await networkWarnings(settings);
  await credentialsOf(settings)?.open();
  await proxiesOf(settings)?.open();
}

async function networkWarnings(settings: Settings): Promise<string[]> {
  if (networkOf(settings) === null) return [];
  const { checkNetwork } = await import('../../src/fetch/network/check.ts');
  return checkNetwork(settings);
}

export function fetcherThrough(
  { proxies, credentials }: FetchSources,
  settings: Settings,
  { meters, troubles }: Pick<ConsumerContext, 'meters' | 'troubles'>,
): Pick<ConsumerContext, 'fetcher' | 'fetcherOptions'> & FetchSources {
  proxies?.onResult((result, failure) => {
    if (result !== 'unknown') meters.count(gathered.proxyHops, result);
    if (failure && (result === 'unreachable' || result === 'login'))
      troubles.note(new DroverError(failure.code, failure.detail), 'a proxy failed');
  });
  const fetcher = createFetcher(fetcherOptionsOf({ ...settings, proxies, credentials }));
  return { fetcher, fetcherOptions: threadFetcherOptionsOf(settings), proxies, credentials };
}
