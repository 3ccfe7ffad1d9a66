// The cookies of one chain of redirects (RFC 6265 section 5). They belong to one fetch and end with it. This
// file is loaded only when a redirect sets a cookie.
import { Cookie, CookieJar, MemoryCookieStore } from 'tough-cookie';
import type { HopCookies, StoredCookie } from './hop-cookies.ts';
import { cookiePage, jarRules, readableLines } from './rules.ts';

/** Limits of all cookies of a chain. Beyond them, the oldest are forgotten. A job may have to keep them. */
const mostCookies = 50;
const mostStoredBytes = 16 * 1024;

export class ChainCookies implements HopCookies {
  #jar: CookieJar;

  /** `stored`: what an earlier fetch of the same request had. */
  constructor(stored: readonly StoredCookie[] = []) {
    this.#jar = jarOf(stored);
  }

  /** Of very many lines, the last ones alone are kept. */
  receive(url: string, lines: readonly string[]): undefined {
    const page = cookiePage(url);
    for (const line of readableLines(lines.slice(-mostCookies)))
      this.#jar.setCookieSync(line, page, { ignoreError: true });
    const cookies = this.stored();
    const within = withinLimits(cookies);
    if (within.length < cookies.length) this.#jar = jarOf(within);
  }

  pairsFor(url: string): string[] {
    return this.#jar.getCookiesSync(cookiePage(url)).map((cookie) => cookie.cookieString());
  }

  /** All cookies, the oldest first. */
  stored(): StoredCookie[] {
    return this.#jar.serializeSync()?.cookies ?? [];
  }
}

function jarOf(cookies: readonly StoredCookie[]): CookieJar {
  const store = new MemoryCookieStore();
  for (const cookie of cookies) {
    const read = Cookie.fromJSON(cookie);
    if (read) void store.putCookie(read);
  }
  return new CookieJar(store, jarRules);
}

/** The newest cookies that are within the limits. */
function withinLimits(cookies: readonly StoredCookie[]): StoredCookie[] {
  let bytes = 0;
  const isWithin = (cookie: StoredCookie) => {
    bytes += JSON.stringify(cookie).length;
    return bytes <= mostStoredBytes;
  };
  const newest = cookies.toReversed();
  const end = newest.findIndex((cookie, index) => index >= mostCookies || !isWithin(cookie));
  return (end < 0 ? newest : newest.slice(0, end)).toReversed();
}
