// The fetcher of a consumer, and the network and the proxies that it goes through.
import type { Settings } from '../../src/config/settings.ts';
import { fetcherOptionsOf, threadFetcherOptionsOf } from '../../src/crawl/fetcher-options.ts';
import { DroverError } from '../../src/errors.ts';
import { createFetcher } from '../../src/fetch/client.ts';
import { networkOf } from '../../src/fetch/network/network.ts';
import { type Proxies, proxiesOf } from '../../src/fetch/proxy/proxies.ts';
import type { Log } from '../../src/log.ts';
import { gathered } from '../../src/metrics.ts';
import type { ConsumerContext } from '../context.ts';

/**
 * Null if there are none. Says which there are: what is fetched leaves by another way than the user may
 * think.
 * Throws E_SETTING and E_FILE when they cannot be read.
 */
export async function announceProxies(
  settings: Settings,
  log: Log,
  say: (line: string) => void = () => undefined,
): Promise<Proxies | null> {
  const proxies = proxiesOf(settings);
  if (proxies === null) return null;
  const line = await proxies.open();
  log.info(line);
  say(line);
  return proxies;
}

/** Checks the settings of the network, and says what of them is a danger. Throws E_SETTING and E_FILE. */
export async function announceNetwork(
  settings: Settings,
  log: Log,
  say: (line: string) => void = () => undefined,
): Promise<void> {
  if (networkOf(settings) === null) return;
  const { checkNetwork } = await import('../../src/fetch/network/announce.ts');
  for (const warning of await checkNetwork(settings)) {
    log.warn(warning);
    say(`warning: ${warning}`);
  }
}

export function fetcherThrough(
  proxies: Proxies | null,
  settings: Settings,
  { meters, troubles }: Pick<ConsumerContext, 'meters' | 'troubles'>,
): Pick<ConsumerContext, 'fetcher' | 'fetcherOptions' | 'proxies'> {
  proxies?.onResult((result, failure) => {
    if (result !== 'unknown') meters.count(gathered.proxyHops, result);
    if (failure && (result === 'unreachable' || result === 'login'))
      troubles.note(new DroverError(failure.code, failure.detail), 'a proxy failed');
  });
  const fetcher = createFetcher(fetcherOptionsOf({ ...settings, proxies }));
  return { fetcher, fetcherOptions: threadFetcherOptionsOf(settings), proxies };
}
