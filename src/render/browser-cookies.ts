// The cookies of a page in a browser: its context gets those of the page's session before it loads, and what
// the page has changed goes back.
import { isIP } from 'node:net';
import type { BrowserContext, Cookie } from 'playwright-core';
import type { SiteCookie } from '../fetch/cookies/site-cookie.ts';
import { hostnameOf, registrableDomain } from '../url/host.ts';

/** The lines of Set-Cookie that a host has in effect sent. */
export interface SetCookies {
  readonly url: string;
  readonly lines: readonly string[];
}

/** As many as one jar holds. */
const MOST_CHANGES = 180;

/**
 * Gives the context these cookies. Resolves with those that the browser has taken, as it tells of them: it
 * may refuse some.
 */
export async function giveCookies(
  context: BrowserContext,
  cookies: readonly SiteCookie[],
): Promise<readonly Cookie[]> {
  if (cookies.length === 0) return [];
  const given = cookies.map(cookieFor);
  // If one of them is refused, so are all.
  await context.addCookies(given).catch(async () => {
    for (const cookie of given) await context.addCookies([cookie]).catch(() => undefined);
  });
  return context.cookies();
}

const policies: Readonly<Record<string, NonNullable<Cookie['sameSite']>>> = {
  strict: 'Strict',
  none: 'None',
};

function cookieFor(cookie: SiteCookie): Cookie {
  const { name, value, domain, isHostOnly, path, expiresAt, isHttpOnly, isSecure, sameSite } = cookie;
  const policy = policies[sameSite ?? ''] ?? 'Lax';
  return {
    ...{ name, value, path, httpOnly: isHttpOnly, secure: isSecure },
    domain: isHostOnly || isIP(domain) !== 0 ? domain : `.${domain}`,
    expires: expiresAt === null ? -1 : expiresAt / 1000,
    // Browsers take no other that may go everywhere.
    sameSite: policy === 'None' && !isSecure ? 'Lax' : policy,
  };
}

/**
 * What has changed at the site of the page; other sites that it loads from are not those of the crawl's
 * session.
 */
export function changedCookies(
  before: readonly Cookie[],
  after: readonly Cookie[],
  pageUrl: string,
): SetCookies[] {
  const site = registrableDomain(hostnameOf(pageUrl));
  const former = new Map(before.map((cookie) => [fieldOf(cookie), lineOf(cookie)]));
  const changes: Cookie[] = [];
  for (const cookie of after) {
    const field = fieldOf(cookie);
    if (former.get(field) !== lineOf(cookie)) changes.push(cookie);
    former.delete(field);
  }
  const now = Date.now() / 1000;
  for (const cookie of before)
    if (former.has(fieldOf(cookie)) && (cookie.expires < 0 || cookie.expires > now))
      changes.push({ ...cookie, value: '', expires: 1 });
  const ofSite = changes.filter((cookie) => registrableDomain(hostOf(cookie)) === site);
  const byUrl = Map.groupBy(ofSite.slice(0, MOST_CHANGES), urlOf);
  return [...byUrl].map(([url, cookies]) => ({ url, lines: cookies.map(lineOf) }));
}

const fieldOf = ({ domain, path, name }: Cookie) => `${domain};${path};${name}`;
const hostOf = ({ domain }: Cookie) => domain.replace(/^\./, '');
const urlOf = (cookie: Cookie) => `${cookie.secure ? 'https' : 'http'}://${hostOf(cookie)}/`;

function lineOf(cookie: Cookie): string {
  const { name, value, domain, path, expires, httpOnly, secure, sameSite } = cookie;
  const parts = [`${name}=${value}`, `Path=${path}`];
  if (domain.startsWith('.')) parts.push(`Domain=${hostOf(cookie)}`);
  if (expires >= 0) parts.push(`Expires=${new Date(Math.round(expires) * 1000).toUTCString()}`);
  if (httpOnly) parts.push('HttpOnly');
  if (secure) parts.push('Secure');
  // What a browser takes for granted is not what the site has said.
  if (sameSite && sameSite !== 'Lax') parts.push(`SameSite=${sameSite}`);
  return parts.join('; ');
}
