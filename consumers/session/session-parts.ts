// What a session gives to its fetches: its cookies, its headers, its proxy.
import type { LoadedCrawl } from '../../src/crawl/loaded-crawl.ts';
import type { HopCookies } from '../../src/fetch/cookies/hop-cookies.ts';
import type { ProxySource } from '../../src/fetch/proxy/source.ts';
import { type CrawlSession, sessionId } from '../../src/sessions/sessions.ts';
import type { ActiveFetch, ConsumerContext } from '../context.ts';

/** Of a fetch, what chooses these. `fence`: it is part of a login, under the lease with this number. */
export type SessionFetch = Pick<ActiveFetch, 'loadedCrawl' | 'session'> & { fence?: number };

export interface SessionParts {
  /** Null with --cookies off: then a chain of redirects has its own. */
  readonly cookies: HopCookies | null;
  /** Those of the crawl, and of the session. */
  readonly headers: Record<string, string>;
  /** Null if there are none. */
  readonly proxies: ProxySource | null;
}

export function sessionParts(
  { cookieJars, proxies }: Pick<ConsumerContext, 'cookieJars' | 'proxies'>,
  fetch: SessionFetch,
): SessionParts {
  const { loadedCrawl, session: state, fence } = fetch;
  const { cookies, header } = loadedCrawl.settings;
  const session = state.kind === 'ready' ? state.session : null;
  if (session === null)
    return { cookies: cookies === 'off' ? null : cookieJars.of(loadedCrawl), headers: header, proxies };
  const id = sessionId(session);
  const login = fence === undefined ? null : { name: session.name, fence };
  const jar = cookies === 'crawl' ? '' : id;
  return {
    cookies: cookies === 'off' ? null : cookieJars.of(loadedCrawl, jar, login),
    headers: { ...header, ...headersOf(loadedCrawl, session) },
    proxies: proxies && id !== '' ? ofSession(proxies, id) : proxies,
  };
}

/** Each generation has the next of the sets, so that a session that was blocked comes back as another. */
function headersOf({ settings }: LoadedCrawl, { name, generation }: CrawlSession): Record<string, string> {
  const { sessionHeaders: sets } = settings;
  if (sets.length === 0) return {};
  const first = /^\d+$/.test(name) ? Number(name) - 1 : sumOf(name);
  return sets[(first + generation - 1) % sets.length] ?? {};
}

function sumOf(name: string): number {
  let sum = 0;
  for (let at = 0; at < name.length; at++) sum += name.charCodeAt(at);
  return sum;
}

/** A session comes through one proxy as long as that works. */
function ofSession(proxies: ProxySource, session: string): ProxySource {
  return { isByName: proxies.isByName, pick: (url, tried) => proxies.pick(url, tried, session) };
}
