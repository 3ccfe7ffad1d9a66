// Fetches single pages as a crawl would, without a crawl: robots.txt is asked and the guard checks each
// address. Nothing is stored, and no Redis is needed.
import { crawlSettings, type Settings } from '../config/settings.ts';
import { type Failure, failure } from '../errors.ts';
import { createFetcher, type Fetcher, type FetchRequest } from '../fetch/client.ts';
import { credentialsOf, type OriginCredentials } from '../fetch/credentials/credentials.ts';
import { type Proxies, proxiesOf } from '../fetch/proxy/proxies.ts';
import type { HopTrace } from '../fetch/trace.ts';
import type { FetchResult } from '../outcome.ts';
import { robotsEntryOf } from '../robots/entry.ts';
import { PRODUCT_TOKEN, ruleFailure } from '../robots/robots.ts';
import { parseRobots, type RobotsRules } from '../robots/rules.ts';
import { hostPortOf, limiterKeyOf, originOf } from '../url/host.ts';
import { fetcherOptionsOf } from './fetcher-options.ts';
import { hostPromiseOf } from './host-limits.ts';
import { allowListOf, type LoadedCrawl, loadedCrawlOf } from './loaded-crawl.ts';

const ROBOTS_BYTES = 500 * 1024;

export interface SingleFetchOptions {
  settings: Settings;
  /** A normalised URL whose host and port may have any address, as those of a seed; null for none. */
  seed: string | null;
  /** Asked before each request, that for robots.txt too. A Failure ends the fetch. */
  mayStart?: (url: string) => Promise<Failure | null>;
  /** Called at the end of each hop to a robots.txt. */
  onRobotsHop?: (hop: HopTrace) => void;
  /** Fetches at once; more wait. Default: 4. */
  concurrency?: number;
  /** Aborting ends the fetch that is under way. */
  signal?: AbortSignal;
}

/** What the robots.txt of an origin says; a Failure if it could not be fetched, null if there is none. */
type KnownRobots = { file: string; rules: RobotsRules } | Failure | null;

/** The pages, and each robots.txt, are fetched once for each call, with connections of their own. */
export class SingleFetch {
  readonly crawl: LoadedCrawl;
  readonly proxies: Proxies | null;
  readonly credentials: OriginCredentials | null;
  readonly #options: SingleFetchOptions;
  readonly #pages: Fetcher;
  /** A page is not to find a warm connection because its robots.txt has come that way. */
  readonly #robots: Fetcher;
  readonly #known = new Map<string, Promise<KnownRobots>>();
  readonly #shared: Pick<FetchRequest, 'timeouts' | 'allow' | 'userAgent' | 'signsAs' | 'signal'>;

  constructor(options: SingleFetchOptions) {
    const { settings, seed, signal, concurrency = 4 } = options;
    this.#options = options;
    this.crawl = loadedCrawlOf('single', '', crawlSettings(settings));
    if (seed !== null) this.crawl.seedHosts.add(hostPortOf(seed));
    const { timeouts, userAgent, signsAs } = this.crawl;
    const allow = allowListOf(this.crawl);
    this.#shared = { timeouts, userAgent, signsAs, allow, ...(signal ? { signal } : {}) };
    this.proxies = proxiesOf(settings);
    this.credentials = credentialsOf(settings);
    const { proxies, credentials } = this;
    const fetcher = fetcherOptionsOf({ ...settings, concurrency, proxies, credentials });
    this.#pages = createFetcher(fetcher);
    this.#robots = createFetcher(fetcher);
  }

  /** Why the URL may not be fetched now, by its robots.txt or by `mayStart`; null if it may. */
  async refusal(url: string): Promise<Failure | null> {
    const robots = await this.#robotsOf(url);
    if (robots !== null && 'code' in robots) return robots;
    const { allowed = true, rule = null, line = null } = robots?.rules.allows(url) ?? {};
    if (robots !== null && !allowed) return ruleFailure(robots.file, line, rule);
    return (await this.#options.mayStart?.(url)) ?? null;
  }

  /** The least time from one request to the next at the URL's host, in milliseconds. */
  async delayMs(url: string): Promise<number> {
    const { settings } = this.#options;
    const robots = await this.#robotsOf(url);
    const asked = robots !== null && 'rules' in robots ? (robots.rules.crawlDelayMs ?? 0) : 0;
    const { delayMs } = hostPromiseOf(limiterKeyOf(url), settings);
    return Math.max(delayMs, Math.min(asked, settings.maxCrawlDelay));
  }

  /** Fetches the page with the settings, changed by `request`. The caller has asked `refusal` before. */
  fetch(request: Pick<FetchRequest, 'url'> & Partial<FetchRequest>): Promise<FetchResult> {
    const { header } = this.#options.settings;
    return this.send({ ...request, headers: { ...header, ...request.headers } });
  }

  /** The same without the headers of the settings. */
  send(request: Pick<FetchRequest, 'url' | 'headers'> & Partial<FetchRequest>): Promise<FetchResult> {
    const { maxBytes, maxRedirects } = this.#options.settings;
    return this.#pages.fetch({
      ...{ method: 'GET', body: null, maxBytes, maxRedirects, ...this.#shared },
      beforeHop: (hop) => this.refusal(hop.url),
      ...request,
    });
  }

  close(): void {
    this.#pages.close();
    this.#robots.close();
  }

  #robotsOf(url: string): Promise<KnownRobots> {
    if (this.#options.settings.ignoreRobots) return Promise.resolve(null);
    const origin = originOf(url);
    const known = this.#known.get(origin) ?? this.#fetchRobots(`${origin}/robots.txt`);
    this.#known.set(origin, known);
    return known;
  }

  async #fetchRobots(file: string): Promise<KnownRobots> {
    const { mayStart, onRobotsHop: onHop } = this.#options;
    const refused = await mayStart?.(file);
    if (refused) return refused;
    const got = await this.#robots.fetch({
      ...{ url: file, method: 'GET', headers: {}, body: null, ...this.#shared },
      ...{ maxBytes: ROBOTS_BYTES, truncate: true, maxRedirects: 5 },
      ...(mayStart ? { beforeHop: ({ url }) => mayStart(url) } : {}),
      ...(onHop ? { onHop } : {}),
    });
    if (!got.ok) return got.failure;
    const { status, body } = got.answer;
    const entry = robotsEntryOf({ kind: 'answer', status, body }, null, Date.now());
    if (entry.kind === 'unreachable') return failure('E_ROBOTS_UNREACHABLE', `${file}: ${entry.reason}`);
    return entry.kind === 'none' ? null : { file, rules: parseRobots(entry.file, PRODUCT_TOKEN) };
  }
}
