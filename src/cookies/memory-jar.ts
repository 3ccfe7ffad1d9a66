// One jar in the memory of this process: the cookies of one session at one registrable domain, as Redis had
// them when they were read. This file is loaded when the first cookie of a crawl is known.
import { Cookie, CookieJar, MemoryCookieStore } from 'tough-cookie';
import { cookiePage, jarRules, readableLines } from '../fetch/cookies/rules.ts';
import type { SiteCookie } from '../fetch/cookies/site-cookie.ts';

/** What Redis is told about one cookie. */
export interface CookieChange {
  /** DOMAIN;PATH;NAME */
  field: string;
  /** In milliseconds since 1970; 0 for never, -1 if the cookie is gone. */
  expiresAt: number;
  /** As JSON, without its times. */
  text: string;
}

/** RFC 6265bis section 5.5: nobody is remembered for longer. */
const LONGEST_MS = 400 * 86_400_000;
/** RFC 6265bis section 5.6: browsers read no longer attributes. */
const LONGEST_PATH = 1024;
/** A cookie that lives on for a little longer is not told again at every page. */
const SAME_TIME_MS = 10_000;
/** From so many cookies on, Redis is told which are in use: soon it will have to forget some. */
const NEARLY_FULL = 150;

const US = '\x1f';

type Kept = Pick<CookieChange, 'expiresAt' | 'text'>;

const GONE: Kept = { expiresAt: -1, text: '' };

export class MemoryJar {
  readonly #jar: CookieJar;
  /** What Redis holds, as far as this process knows. */
  readonly #kept = new Map<string, Kept>();
  /** Cookies that were sent since Redis was last told. */
  readonly #sent = new Set<string>();

  /** `fields`: those of the hash in Redis, each `CREATED US USED US EXPIRES US JSON`. */
  constructor(fields: Readonly<Record<string, string>>) {
    const store = new MemoryCookieStore();
    for (const [field, entry] of Object.entries(fields)) {
      const [created = '', , expires = '', ...rest] = entry.split(US);
      const text = rest.join(US);
      const cookie = Cookie.fromJSON(text);
      if (!cookie) continue;
      cookie.creation = new Date(Number(created));
      cookie.expires = expires === '0' ? 'Infinity' : new Date(Number(expires));
      this.#kept.set(field, { expiresAt: Number(expires), text });
      void store.putCookie(cookie);
    }
    this.#jar = new CookieJar(store, jarRules);
  }

  pairsFor(url: string): string[] | undefined {
    const cookies = this.#jar.getCookiesSync(cookiePage(url));
    if (cookies.length === 0) return undefined;
    if (this.#kept.size > NEARLY_FULL) for (const cookie of cookies) this.#sent.add(fieldOf(cookie));
    return cookies.map((cookie) => cookie.cookieString());
  }

  /** All that have not expired. */
  all(): SiteCookie[] {
    const now = Date.now();
    return (this.#jar.serializeSync()?.cookies ?? []).flatMap((stored) => {
      const cookie = Cookie.fromJSON(stored);
      if (!cookie?.domain) return [];
      const endsAt = endOf(cookie);
      if (endsAt !== 0 && endsAt <= now) return [];
      const { key, value, domain, hostOnly, path, httpOnly, secure, sameSite } = cookie;
      return {
        ...{ name: key, value, domain, isHostOnly: hostOnly === true, path: path ?? '/' },
        ...{ expiresAt: endsAt || null, isHttpOnly: httpOnly, isSecure: secure, sameSite: sameSite ?? null },
      };
    });
  }

  /** Receives the lines of Set-Cookie in an answer of `url`. Returns what Redis does not know yet. */
  receive(url: string, lines: readonly string[]): CookieChange[] {
    const changes = new Map<string, CookieChange>();
    const page = cookiePage(url);
    for (const line of readableLines(lines)) {
      const cookie = this.#jar.setCookieSync(line, page, { ignoreError: true });
      if (!cookie) continue;
      const field = fieldOf(cookie);
      const expiresAt = endOf(cookie);
      const isGone = expiresAt !== 0 && expiresAt <= Date.now();
      cookie.maxAge = null;
      cookie.expires = expiresAt === 0 ? 'Infinity' : new Date(expiresAt);
      const known = this.#kept.get(field);
      const change = { field, ...(isGone ? GONE : { expiresAt, text: textOf(cookie) }) };
      if (isGone ? !known : known && isSame(known, change)) continue;
      if (isGone) this.#kept.delete(field);
      else this.#kept.set(field, change);
      changes.set(field, change);
    }
    return [...changes.values()];
  }

  /** The cookies that were sent since this was last asked, once the jar is nearly full. */
  takeSent(): string[] {
    const sent = [...this.#sent];
    this.#sent.clear();
    return sent;
  }
}

function fieldOf({ domain, path, key }: Cookie): string {
  return `${domain};${path};${key}`;
}

/** When it expires, in milliseconds since 1970; 0 for never. */
function endOf(cookie: Cookie): number {
  if ((cookie.path?.length ?? 0) > LONGEST_PATH) return 1;
  if (!cookie.isPersistent()) return 0;
  return Math.max(1, Math.min(cookie.expiryTime() ?? 1, Date.now() + LONGEST_MS));
}

function textOf({ key, value, domain, path, secure, httpOnly, hostOnly, sameSite }: Cookie): string {
  return JSON.stringify({ key, value, domain, path, secure, httpOnly, hostOnly, sameSite });
}

function isSame(known: Kept, { expiresAt, text }: Kept): boolean {
  const isTimed = known.expiresAt > 0 && expiresAt > 0;
  const sameTime = isTimed
    ? Math.abs(known.expiresAt - expiresAt) < SAME_TIME_MS
    : known.expiresAt === expiresAt;
  return sameTime && known.text === text;
}
