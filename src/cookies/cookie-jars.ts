// The cookies of crawls: a jar in Redis for each session and registrable domain, shared by the fleet. Each
// process remembers the jars that it uses, and hears of their changes on a channel, so that a page asks Redis
// only when the jar of its domain has changed. A crawl whose sites set no cookies asks nothing.
import { randomUUID } from 'node:crypto';
import type { HopCookies } from '../fetch/cookies/hop-cookies.ts';
import type { SiteCookie } from '../fetch/cookies/site-cookie.ts';
import type { Fleet } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import { defineScript, oneOf } from '../scripts.ts';
import { hostnameOf, registrableDomain } from '../url/host.ts';
import type { CookieChange, MemoryJar } from './memory-jar.ts';

/** What is known of a crawl. Another object when it begins anew under the same id. */
export interface CrawlOfJars {
  readonly crawl: string;
  /** How many jars were begun in it, as of a second ago. */
  readonly jars: number;
}

/** A login of a session: one that goes on, by its fence, or one that was done, by its number. */
export interface LoginOfJar {
  readonly name: string;
  readonly by: 'fence' | 'login';
  readonly number: number;
}

/** The cookies of one session of a crawl. */
export interface SessionCookies extends HopCookies {
  /** All that the site of this URL has set: also those for other hosts and paths of it. */
  ofSite(url: string): Promise<readonly SiteCookie[]>;
}

export interface CookieJars {
  /**
   * The cookies of a session of the crawl; '' for those that all of the crawl shares. `login`: what is
   * received is kept as long as no later login of that session has begun; it must not be logged out either,
   * if the login was done.
   */
  of(crawl: CrawlOfJars, session?: string, login?: LoginOfJar | null): SessionCookies;
  /** What is remembered of the crawl is asked for again: a notice may be on its way. */
  readAnew(crawl: CrawlOfJars): void;
}

/** Limits in Redis: of a jar, as in browsers; of a crawl, so that hostile sites cannot fill it. */
export const jarLimits = { cookies: 180, jarBytes: 100_000, jars: 10_000, bytes: 32 * 1024 * 1024 };
/** In the memory of a process. What is dropped is read again. */
const MOST_REMEMBERED = 1000;
const MOST_CRAWLS = 1000;
/** While the channel is silent because it is lost, what is remembered counts for so long. */
const FRESH_MS = 1000;

const US = '\x1f';

interface Stored {
  crawl: string;
  jar: string;
  sender: string;
  login: LoginOfJar | null;
  changes: readonly CookieChange[];
  sent: readonly string[];
}

const storeScript = defineScript({
  path: 'cookies/lua/store-cookies.lua',
  key: (keys, { crawl, jar }) => keys.jar(crawl, jar),
  args: ({ crawl, jar, sender, login, changes, sent }: Stored) => {
    const { cookies, jarBytes, jars, bytes } = jarLimits;
    const args: (string | number)[] = [crawl, jar, sender, cookies, jarBytes, jars, bytes];
    args.push(login?.name ?? '', login?.by ?? '', login?.number ?? '');
    for (const { field, expiresAt, text } of changes) args.push(field, Math.round(expiresAt), text);
    for (const field of sent) args.push(field, '', '');
    return args;
  },
  answer: oneOf('kept', 'evicted', 'full', 'ended'),
});

/** `onError` hears why the channel cannot be listened to. Until it can, jars are read again each second. */
export function createCookieJars(parts: {
  fleet: Fleet;
  subscriber: Redis;
  onError: (error: unknown) => void;
}): CookieJars {
  const { fleet, subscriber, onError } = parts;
  const crawls = new Map<string, CrawlJars>();
  const shared: Shared = {
    fleet,
    sender: randomUUID().slice(0, 8),
    listeningSince: Number.POSITIVE_INFINITY,
    inUse: new Map(),
  };
  const channel = fleet.keys.cookieNotices;
  const listen = () =>
    subscriber.subscribe(channel).then(() => {
      shared.listeningSince = performance.now();
    }, onError);
  subscriber.on('message', (from: string, notice: string) => {
    if (from !== channel) return;
    const [sender, crawl = '', jar = ''] = notice.split(US);
    if (sender !== shared.sender) crawls.get(crawl)?.noteChange(jar);
  });
  subscriber.on('close', () => {
    shared.listeningSince = Number.POSITIVE_INFINITY;
  });
  subscriber.on('ready', listen);
  void listen();
  function jarsOf(crawl: CrawlOfJars): CrawlJars {
    const known = crawls.get(crawl.crawl);
    if (known?.crawl === crawl) return known;
    const jars = new CrawlJars(shared, crawl);
    crawls.delete(crawl.crawl);
    if (crawls.size >= MOST_CRAWLS) crawls.delete(crawls.keys().next().value ?? '');
    crawls.set(crawl.crawl, jars);
    return jars;
  }
  return {
    of: (crawl, session = '', login = null) => jarsOf(crawl).of(session, login),
    readAnew: (crawl) => jarsOf(crawl).readAnew(),
  };
}

interface Shared {
  readonly fleet: Fleet;
  /** Names this process in notices. */
  readonly sender: string;
  /** Since when no notice was missed, by performance.now(); Infinity while not listening. */
  listeningSince: number;
  /** The jars in memory, the one that was read longest ago first. */
  readonly inUse: Map<RememberedJar, CrawlJars>;
}

interface RememberedJar {
  readonly name: string;
  /** Null before it was read. */
  cookies: MemoryJar | null;
  isStale: boolean;
  /** When it was last asked for, by performance.now(). */
  readAt: number;
  reading: Promise<void> | null;
}

/** The jars of one crawl. */
class CrawlJars {
  readonly crawl: CrawlOfJars;
  readonly #shared: Shared;
  /** Those that Redis has, or had once. */
  readonly #known = new Set<string>();
  /** How many of those begun are in `known`. */
  #listed = 0;
  #isOutdated = false;
  readonly #remembered = new Map<string, RememberedJar>();
  readonly #ofAll: SessionCookies;

  constructor(shared: Shared, crawl: CrawlOfJars) {
    this.crawl = crawl;
    this.#shared = shared;
    this.#ofAll = this.#ofSession('', null);
  }

  of(session: string, login: LoginOfJar | null): SessionCookies {
    return session === '' && login === null ? this.#ofAll : this.#ofSession(session, login);
  }

  #ofSession(session: string, login: LoginOfJar | null): SessionCookies {
    const nameOf = (url: string) => {
      const domain = registrableDomain(hostnameOf(url));
      return session === '' ? domain : `${session}@${domain}`;
    };
    return {
      pairsFor: (url) => {
        if (this.#mustList) return this.#list().then(() => this.#pairsIn(nameOf(url), url));
        return this.#known.size === 0 ? undefined : this.#pairsIn(nameOf(url), url);
      },
      receive: (url, lines) =>
        lines.length === 0 ? undefined : this.#receive(nameOf(url), url, lines, login),
      ofSite: (url) => this.#allIn(nameOf(url)),
    };
  }

  /** Another process has changed the jar. */
  noteChange(jar: string): void {
    this.#known.add(jar);
    const remembered = this.#remembered.get(jar);
    if (remembered) remembered.isStale = true;
  }

  readAnew(): void {
    this.#isOutdated = true;
    for (const jar of this.#remembered.values()) jar.isStale = true;
  }

  get #mustList(): boolean {
    return this.#isOutdated || this.crawl.jars > this.#listed;
  }

  forget(jar: string): void {
    this.#remembered.delete(jar);
  }

  /** Learns of the jars that were begun since. */
  async #list(): Promise<void> {
    const { redis, keys } = this.#shared.fleet;
    const upTo = this.crawl.jars;
    this.#isOutdated = false;
    for (const jar of await redis.zrangebyscore(keys.jars(this.crawl.crawl), `(${this.#listed}`, '+inf'))
      this.#known.add(jar);
    this.#listed = Math.max(this.#listed, upTo);
  }

  #pairsIn(name: string, url: string): string[] | undefined | Promise<string[] | undefined> {
    if (!this.#known.has(name)) return undefined;
    const jar = this.#jarOf(name);
    if (jar.cookies !== null && this.#isFresh(jar)) return jar.cookies.pairsFor(url);
    return this.#read(jar).then(({ cookies }) => cookies.pairsFor(url));
  }

  async #allIn(name: string): Promise<readonly SiteCookie[]> {
    if (this.#mustList) await this.#list();
    return this.#known.has(name) ? (await this.#read(this.#jarOf(name))).cookies.all() : [];
  }

  async #receive(
    name: string,
    url: string,
    lines: readonly string[],
    login: LoginOfJar | null,
  ): Promise<void> {
    const { fleet, sender } = this.#shared;
    if (this.#mustList) await this.#list();
    const jar = this.#jarOf(name);
    // From here to the call of the script nothing is awaited, so whoever reads the jar afterwards finds it.
    const { cookies } = await this.#read(jar);
    const changes = cookies.receive(url, lines);
    if (changes.length === 0) return;
    this.#known.add(name);
    const { crawl } = this.crawl;
    const sent = cookies.takeSent();
    const stored = await fleet.run(storeScript, { crawl, jar: name, sender, login, changes, sent });
    // It may have been read meanwhile, as it was before.
    if (stored === 'evicted' || stored === 'ended' || jar.cookies !== cookies || jar.reading !== null)
      jar.isStale = true;
  }

  #jarOf(name: string): RememberedJar {
    const remembered = this.#remembered.get(name);
    if (remembered) return remembered;
    const jar: RememberedJar = { name, cookies: null, isStale: true, readAt: 0, reading: null };
    this.#remembered.set(name, jar);
    const { inUse } = this.#shared;
    inUse.set(jar, this);
    if (inUse.size > MOST_REMEMBERED) {
      const [[oldest, crawl] = []] = inUse;
      if (oldest) inUse.delete(oldest);
      if (oldest) crawl?.forget(oldest.name);
    }
    return jar;
  }

  /** While it is read anew, it holds what was known before. */
  #isFresh({ isStale, readAt, reading }: RememberedJar): boolean {
    if (isStale || reading !== null) return false;
    return readAt > this.#shared.listeningSince || performance.now() - readAt < FRESH_MS;
  }

  /** The jar as Redis has it, read once for all who wait for it. */
  async #read(jar: RememberedJar): Promise<{ cookies: MemoryJar }> {
    for (;;) {
      if (jar.cookies !== null && this.#isFresh(jar)) return { cookies: jar.cookies };
      jar.reading ??= this.#readOnce(jar).finally(() => {
        jar.reading = null;
      });
      await jar.reading;
    }
  }

  async #readOnce(jar: RememberedJar): Promise<void> {
    const { redis, keys } = this.#shared.fleet;
    const { MemoryJar } = await import('./memory-jar.ts');
    jar.isStale = false;
    jar.readAt = performance.now();
    const { inUse } = this.#shared;
    if (inUse.delete(jar)) inUse.set(jar, this);
    const isNew = !this.#known.has(jar.name);
    const fields = isNew ? {} : await redis.hgetall(keys.jar(this.crawl.crawl, jar.name));
    jar.cookies = new MemoryJar(fields);
  }
}
