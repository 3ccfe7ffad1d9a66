// What a session gives to its fetches: its cookies, its headers, its proxy.
import type { LoginOfJar, SessionCookies } from '../../src/cookies/cookie-jars.ts';
import type { LoadedCrawl } from '../../src/crawl/loaded-crawl.ts';
import type { ProxySource } from '../../src/fetch/proxy/source.ts';
import { type CrawlSession, type OpenSession, sessionId } from '../../src/sessions/sessions.ts';
import type { ActiveFetch, ConsumerContext } from '../context.ts';

/** Of a fetch, what chooses these. `fence`: it is part of a login, under the lease with this number. */
export type SessionFetch = Pick<ActiveFetch, 'loadedCrawl' | 'session'> & {
  fence?: number;
  /** What it sets is forgotten when the session is logged out, or logged in anew, before it has ended. */
  isSlow?: boolean;
};

export interface SessionParts {
  /** Null with --cookies off: then a chain of redirects has its own. */
  readonly cookies: SessionCookies | null;
  /** Those of the crawl, and of the session. */
  readonly headers: Record<string, string>;
  /** Null if there are none. */
  readonly proxies: ProxySource | null;
}

export function sessionParts(
  { cookieJars, proxies }: Pick<ConsumerContext, 'cookieJars' | 'proxies'>,
  fetch: SessionFetch,
): SessionParts {
  const { loadedCrawl, session: state } = fetch;
  const { cookies, header } = loadedCrawl.settings;
  const session = state.kind === 'ready' ? state.session : null;
  if (session === null)
    return { cookies: cookies === 'off' ? null : cookieJars.of(loadedCrawl), headers: header, proxies };
  const id = sessionId(session);
  const jar = cookies === 'crawl' ? '' : id;
  return {
    cookies: cookies === 'off' ? null : cookieJars.of(loadedCrawl, jar, loginOf(fetch, session)),
    headers: { ...header, ...headersOf(loadedCrawl, session) },
    proxies: proxies && id !== '' ? ofSession(proxies, id) : proxies,
  };
}

function loginOf({ fence, isSlow }: SessionFetch, { name, login }: OpenSession): LoginOfJar | null {
  if (fence !== undefined) return { name, by: 'fence', number: fence };
  return isSlow && login > 0 ? { name, by: 'login', number: login } : null;
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
