// The cookies of one chain of redirects (RFC 6265 section 5). They belong to one fetch and end with it. This
// file is loaded only when a redirect sets a cookie.
import { Cookie, CookieJar, MemoryCookieStore, type SerializedCookie } from 'tough-cookie';

/** A cookie in the form in which a job keeps it. */
export type StoredCookie = SerializedCookie;

/** Limit of a cookie's name and value together, in bytes, as in browsers. Longer ones are left out. */
const mostBytes = 4096;
/** Limits of all cookies of a chain. Beyond them, the oldest are forgotten. A job may have to keep them. */
const mostCookies = 50;
const mostStoredBytes = 16 * 1024;

/**
 * No cookie for a public suffix, none that a prefix such as `__Host-` forbids. Secure ones travel over https
 * alone, to loopback addresses too.
 */
const rules = { looseMode: true, prefixSecurity: 'silent', allowSecureOnLocal: false } as const;

export class ChainCookies {
  #jar: CookieJar;

  /** `stored`: what an earlier fetch of the same request had. */
  constructor(stored: readonly StoredCookie[] = []) {
    this.#jar = jarOf(stored);
  }

  /**
   * Takes the lines of Set-Cookie in an answer of `url`. What the rules forbid is left out, and of very many
   * lines all but the last.
   */
  take(url: string, lines: readonly string[]): void {
    for (const line of lines.slice(-mostCookies)) {
      if (sizeOf(line) <= mostBytes) this.#jar.setCookieSync(line, url, { ignoreError: true });
    }
    const cookies = this.stored();
    const within = withinLimits(cookies);
    if (within.length < cookies.length) this.#jar = jarOf(within);
  }

  /**
   * The Cookie header for `url`, or undefined if there is none. `own`: the header that the request has of its
   * own; a cookie that the server has set goes before one of that name.
   */
  headerFor(url: string, own: string | undefined): string | undefined {
    const cookies = this.#jar.getCookiesSync(url);
    if (cookies.length === 0) return own;
    const names = new Set(cookies.map(({ key }) => key));
    const kept = (own?.split(';') ?? []).map((pair) => pair.trim());
    const others = kept.filter((pair) => pair !== '' && !names.has(nameOf(pair)));
    return [...others, ...cookies.map((cookie) => cookie.cookieString())].join('; ');
  }

  /** All cookies, the oldest first. */
  stored(): StoredCookie[] {
    return this.#jar.serializeSync()?.cookies ?? [];
  }
}

/** Not `CookieJar.deserializeSync`, which forgets the rule for loopback addresses. */
function jarOf(cookies: readonly StoredCookie[]): CookieJar {
  const store = new MemoryCookieStore();
  for (const cookie of cookies) {
    const read = Cookie.fromJSON(cookie);
    if (read) void store.putCookie(read);
  }
  return new CookieJar(store, rules);
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

function sizeOf(line: string): number {
  const end = line.indexOf(';');
  return end < 0 ? line.length : end;
}

function nameOf(pair: string): string {
  return pair.split('=', 1)[0]?.trim() ?? '';
}
