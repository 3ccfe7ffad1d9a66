// A redirect that names a time to come again (RFC 9110 section 10.2.3) pauses its host for that time.
import { parseRetryAfter } from '../../src/fetch/retry-after.ts';
import type { RedirectAnswer } from '../../src/fetch/waypoint.ts';
import type { PauseState } from '../../src/politeness/host-backoff.ts';
import type { ActiveFetch, ConsumerContext } from '../context.ts';

/** Tells the backoff of the key. Null if there is no redirect, or if it names no time. */
export function pauseByRedirect(
  context: ConsumerContext,
  { loadedCrawl }: ActiveFetch,
  key: string,
  redirect: RedirectAnswer | null,
): Promise<PauseState> | null {
  const afterMs = redirect && parseRetryAfter(redirect.retryAfter, Date.now());
  if (afterMs === null) return null;
  const named = { afterMs, by: 'retry-after' } as const;
  return context.backoff.refused(key, { named, ageMs: 0, longestMs: loadedCrawl.settings.maxPause });
}
