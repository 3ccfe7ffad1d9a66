// The cookies that go with a job's page, and with what its handler fetches.
import type { HopCookies } from '../../src/fetch/cookies/hop-cookies.ts';
import type { ActiveFetch, ConsumerContext } from '../context.ts';

/** Null with --cookies off: then a chain of redirects has its own. */
export function cookiesOfJob(
  { cookieJars }: Pick<ConsumerContext, 'cookieJars'>,
  { loadedCrawl }: Pick<ActiveFetch, 'loadedCrawl'>,
): HopCookies | null {
  return loadedCrawl.settings.cookies === 'off' ? null : cookieJars.of(loadedCrawl);
}
