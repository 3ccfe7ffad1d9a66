// What a consumer needs to know about a crawl to process its requests. It is read from Redis at first use and
// again every second.
import { type CrawlSettings, storedSettings } from '../config/settings.ts';
import { FILES } from '../config/store-address.ts';
import { userAgentOf } from '../config/user-agent.ts';
import type { FetchTimeouts } from '../fetch/client.ts';
import type { AllowList } from '../fetch/guard.ts';
import type { Fleet } from '../fleet.ts';
import type { SignsAs } from '../identity/signs-as.ts';
import { hostnameOf, hostPortOf, limiterKeyOf, mayBePrivate } from '../url/host.ts';
import { type UrlRules, urlRulesOf } from '../url/normalize.ts';
import { type CrawlState, recordsFolderOf, storeOf } from './crawl.ts';
import { type FormerRun, readFormerRun } from './former-run.ts';
import { hostPromiseOf } from './host-limits.ts';
import { createScope, type Scope } from './scope.ts';

/** Another object when the settings change, or the crawl begins anew under the same id. */
export interface LoadedCrawl {
  crawl: string;
  /** The address of the store of its records, and the name of its records there. */
  store: string;
  recordsFolder: string;
  /** The run before it, when it was begun with --again. */
  former: FormerRun | null;
  state: CrawlState;
  /** When its settings last changed; milliseconds since 1970. */
  changedAt: number;
  /** How many jars of cookies were begun in it. */
  jars: number;
  settings: CrawlSettings;
  scope: Scope;
  /** The header. */
  userAgent: string;
  /** The identity that signs its requests; null if they are not signed. */
  signsAs: SignsAs | null;
  timeouts: FetchTimeouts;
  /** Whether requests to a URL may share a connection (HTTP/2); null for none. */
  sharesConnections: ((url: string) => boolean) | null;
  urlRules: UrlRules;
  /** host:port of seeds that the operator named. It is filled as the guard asks for them. */
  seedHosts: Set<string>;
}

const FRESH_MS = 1000;
const MOST_LOADED = 1000;

export interface LoadedCrawls {
  /** The loaded crawl, without a promise if it is in memory; null when Redis knows no such crawl. */
  get(crawl: string): LoadedCrawl | Promise<LoadedCrawl | null>;
  /**
   * Looks up whether a seed names this URL's host:port, if the host can only be private. To be called before
   * a hop to it, so that the guard has the answer.
   */
  knowSeedHost(loadedCrawl: LoadedCrawl, url: string): Promise<void>;
  /** Whether a seed of the crawl names this host:port. The operator allowed it by that. */
  isSeedHost(loadedCrawl: LoadedCrawl, hostPort: string): Promise<boolean>;
}

export function createLoadedCrawls(fleet: Fleet): LoadedCrawls {
  const loadedCrawls = new Map<string, { loadedCrawl: LoadedCrawl; text: string; readAt: number }>();

  async function read(crawl: string): Promise<LoadedCrawl | null> {
    const [settings, state, token, changedAt, store, former, jars] = await fleet.redis.hmget(
      fleet.keys.crawl(crawl),
      'settings',
      'state',
      'token',
      'changedAt',
      'store',
      'former',
      'jars',
    );
    if (!settings) return null;
    const text = [token, former, settings].join('\n');
    const known = loadedCrawls.get(crawl);
    const loadedCrawl =
      known && known.text === text
        ? known.loadedCrawl
        : loadedCrawlOf(
            crawl,
            recordsFolderOf(crawl, token ?? ''),
            storedSettings(settings),
            readFormerRun(former),
          );
    loadedCrawl.store = storeOf(store);
    loadedCrawl.changedAt = Number(changedAt ?? 0);
    loadedCrawl.jars = Number(jars ?? 0);
    loadedCrawl.state = (state ?? 'running') as CrawlState;
    if (loadedCrawls.size >= MOST_LOADED) loadedCrawls.delete(loadedCrawls.keys().next().value ?? '');
    loadedCrawls.set(crawl, { loadedCrawl, text, readAt: performance.now() });
    return loadedCrawl;
  }

  return {
    get(crawl) {
      const known = loadedCrawls.get(crawl);
      if (!known) return read(crawl);
      const ageMs = performance.now() - known.readAt;
      if (ageMs > 2 * FRESH_MS) return read(crawl); // the crawl may have been paused meanwhile
      if (ageMs > FRESH_MS) {
        known.readAt = performance.now();
        read(crawl).catch(() => undefined); // the loaded crawl stays in use; the next read is in a second
      }
      return known.loadedCrawl;
    },
    async knowSeedHost(loadedCrawl, url) {
      if (mayBePrivate(hostnameOf(url))) await isSeedHost(loadedCrawl, hostPortOf(url));
    },
    isSeedHost,
  };

  async function isSeedHost(loadedCrawl: LoadedCrawl, hostPort: string): Promise<boolean> {
    if (loadedCrawl.seedHosts.has(hostPort)) return true;
    if ((await fleet.redis.sismember(fleet.keys.seedHosts(loadedCrawl.crawl), hostPort)) !== 1) return false;
    loadedCrawl.seedHosts.add(hostPort);
    return true;
  }
}

/** Makes a loaded crawl in the state 'running', with these settings. */
export function loadedCrawlOf(
  crawl: string,
  recordsFolder: string,
  settings: CrawlSettings,
  former: FormerRun | null = null,
): LoadedCrawl {
  return {
    crawl,
    store: FILES,
    recordsFolder,
    former,
    state: 'running',
    changedAt: 0,
    jars: 0,
    settings,
    scope: createScope(settings),
    userAgent: userAgentOf(settings),
    signsAs:
      settings.identity === null ? null : { file: settings.identity, profile: settings.identityProfile },
    timeouts: {
      dns: settings.timeoutDns,
      connect: settings.timeoutConnect,
      tls: settings.timeoutTls,
      send: settings.timeoutSend,
      response: settings.timeoutResponse,
      read: settings.timeoutRead,
      request: settings.timeoutRequest,
    },
    sharesConnections: settings.http2 === 'off' ? null : (url) => isShared(url, settings),
    urlRules: urlRulesOf(settings),
    seedHosts: new Set(),
  };
}

/** One fetch at a time gains nothing by HTTP/2. */
function isShared(url: string, settings: CrawlSettings): boolean {
  return hostPromiseOf(limiterKeyOf(url), settings).most > 1;
}

/** What the guard allows a crawl: the operator named the seeds, so each allows its own host and port. */
export function allowListOf({ settings, seedHosts }: LoadedCrawl): AllowList {
  return { cidrs: settings.allowPrivate, hosts: seedHosts, ports: settings.allowPort };
}
