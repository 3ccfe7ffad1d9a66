// What a consumer must know of a crawl to process its requests: read from Redis once, and looked at again every second.
import { type CrawlSettings, defaultSettings } from '../config.ts';
import type { FetchTimeouts } from '../fetch/client.ts';
import { crawlKey } from '../frontier/keys.ts';
import type { Redis } from '../redis.ts';
import { hostnameOf, hostPortOf, mayBePrivate } from '../url/host.ts';
import type { UrlRules } from '../url/normalize.ts';
import { type CrawlState, shelfOf } from './crawl.ts';
import { createScope, type Scope } from './scope.ts';

export interface Plan {
  crawl: string;
  /** Where its records lie. */
  shelf: string;
  state: CrawlState;
  /** When its settings last became others; milliseconds since 1970. */
  changedAt: number;
  settings: CrawlSettings;
  scope: Scope;
  timeouts: FetchTimeouts;
  urlRules: UrlRules;
  /** host:port of seeds that are known to be the operator's: filled as the guard asks. */
  seedHosts: Set<string>;
}

const FRESH_MS = 1000;
const MOST_PLANS = 1000;

export interface Plans {
  /** The plan, at once if it is at hand; null when Redis knows no such crawl. */
  get(crawl: string): Plan | Promise<Plan | null>;
  /** Before a hop to a host that can only be meant as private: its seeds' host:port are asked for, as isSeedHost does. */
  knowSeedHost(plan: Plan, url: string): Promise<void>;
  /** Whether the host:port is one of the crawl's seeds, which the operator thereby allowed. */
  isSeedHost(plan: Plan, hostPort: string): Promise<boolean>;
}

export function createPlans(redis: Redis, shard: string): Plans {
  const plans = new Map<string, { plan: Plan; text: string; readAt: number }>();

  async function read(crawl: string): Promise<Plan | null> {
    const [text, state, token, changedAt] = await redis.hmget(
      crawlKey(shard, crawl),
      'settings',
      'state',
      'token',
      'changedAt',
    );
    if (!text) return null;
    const known = plans.get(crawl);
    const plan =
      known && known.text === text
        ? known.plan
        : planOf(crawl, shelfOf(crawl, token ?? ''), JSON.parse(text) as CrawlSettings);
    plan.changedAt = Number(changedAt ?? 0);
    plan.state = (state ?? 'running') as CrawlState;
    if (plans.size >= MOST_PLANS) plans.delete(plans.keys().next().value ?? '');
    plans.set(crawl, { plan, text, readAt: performance.now() });
    return plan;
  }

  return {
    get(crawl) {
      const known = plans.get(crawl);
      if (!known) return read(crawl);
      const ageMs = performance.now() - known.readAt;
      if (ageMs > 2 * FRESH_MS) return read(crawl); // the crawl may have been paused meanwhile
      if (ageMs > FRESH_MS) {
        known.readAt = performance.now();
        read(crawl).catch(() => undefined); // the plan at hand stays good; the next look is in a second
      }
      return known.plan;
    },
    async knowSeedHost(plan, url) {
      if (mayBePrivate(hostnameOf(url))) await isSeedHost(plan, hostPortOf(url));
    },
    isSeedHost,
  };

  async function isSeedHost(plan: Plan, hostPort: string): Promise<boolean> {
    if (plan.seedHosts.has(hostPort)) return true;
    if ((await redis.sismember(`${crawlKey(shard, plan.crawl)}:hosts`, hostPort)) !== 1) return false;
    plan.seedHosts.add(hostPort);
    return true;
  }
}

/** A crawl that is running, with these settings. */
export function planOf(crawl: string, shelf: string, stored: CrawlSettings): Plan {
  // A setting that a newer version added is missing from an older crawl.
  const settings: CrawlSettings = { ...defaultSettings, ...stored };
  return {
    crawl,
    shelf,
    state: 'running',
    changedAt: 0,
    settings,
    scope: createScope(settings),
    timeouts: {
      dns: settings.timeoutDns,
      connect: settings.timeoutConnect,
      tls: settings.timeoutTls,
      send: settings.timeoutSend,
      response: settings.timeoutResponse,
      read: settings.timeoutRead,
      request: settings.timeoutRequest,
    },
    urlRules: { stripParams: settings.stripParams, maxLength: settings.maxUrlLength },
    seedHosts: new Set(),
  };
}
