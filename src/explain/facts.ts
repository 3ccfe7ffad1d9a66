// Gathers the facts for an explanation (scope, guard, robots.txt, host, counters) without changing or
// fetching anything.
import ipaddr from 'ipaddr.js';
import { readCounts } from '../crawl/crawl.ts';
import type { CrawlCounts } from '../crawl/progress.ts';
import { type Failure, failure, shownFailure } from '../errors.ts';
import { guardOf } from '../fetch/guard.ts';
import { isDrained } from '../fleet/drained.ts';
import { readFleetProxies } from '../fleet/fleet-proxies.ts';
import { redisTimeMs, shardOf } from '../fleet.ts';
import { limiterKeyOfRequest } from '../frontier/entry.ts';
import { type HostState, lookAtHosts } from '../frontier/hosts.ts';
import type { CrawlRecord } from '../record.ts';
import { lookAtRobots } from '../robots/look.ts';
import { PRODUCT_TOKEN } from '../robots/robots.ts';
import { hostnameOf, hostPortOf, limiterKeyOf, originOf } from '../url/host.ts';
import { normalizeUrl } from '../url/normalize.ts';
import { mostRepeats } from '../url/traps.ts';
import type { Facts, GuardLook, ScopeLook, Subject, Whereabouts } from './explanation.ts';
import type { PlaceParts } from './place.ts';

/** Most seeds of a crawl that are tried as the page with the link. */
const MOST_SEEDS = 20;

export async function gatherFacts(
  parts: PlaceParts,
  subject: Subject,
  where: Whereabouts | null,
): Promise<Facts> {
  const { fleet } = parts;
  const { crawl, url, loadedCrawl } = subject;
  const counts = crawl === null ? null : await readCounts(fleet, crawl);
  return {
    subject,
    counts,
    where,
    scope: url === null ? null : await scopeOf(parts, { subject, where, counts, url }),
    guard: url === null ? null : await guardLookOf(parts, subject, url),
    robots:
      url === null || loadedCrawl.settings.ignoreRobots
        ? null
        : await lookAtRobots(fleet, PRODUCT_TOKEN, url),
    hostState: await hostStateOf(parts, url, where),
    proxies: (await readFleetProxies(fleet)).proxies,
    consumers: await fleet.redis.zcount(fleet.keys.consumers, await redisTimeMs(fleet), '+inf'),
    isDrained: await isDrained(fleet),
  };
}

async function hostStateOf(
  { fleet }: PlaceParts,
  url: string | null,
  where: Whereabouts | null,
): Promise<HostState | null> {
  const own = where?.request ? limiterKeyOfRequest(where.request) : null;
  const key = own ?? (url === null ? null : limiterKeyOf(url));
  return key === null ? null : ((await lookAtHosts(fleet, [key]))[0] ?? null);
}

interface Asked {
  subject: Subject;
  where: Whereabouts | null;
  counts: CrawlCounts | null;
  url: string;
}

async function scopeOf(parts: PlaceParts, asked: Asked): Promise<ScopeLook> {
  const { subject, where, url } = asked;
  const { loadedCrawl } = subject;
  const pages = await pagesWithLinks(parts, subject, url);
  const refusals = pages.map((from) => refusalOf(subject, url, from, 1));
  const followed = refusals.indexOf(null);
  const at = Math.max(followed, 0);
  const linking =
    where?.place.kind === 'never'
      ? await parts.stores
          .at(loadedCrawl.store)
          .findLinking(loadedCrawl.recordsFolder, subject.forms?.seed ?? url)
      : null;
  return {
    asLink: shown(refusals[at]),
    from: pages[at] ?? url,
    limit: shown(await limitOf(parts, asked)),
    linking: linking && {
      url: linking.url,
      depth: linking.depth,
      refusal: shown(refusalFor(subject, url, linking)),
      error: linking.error ?? null,
    },
  };
}

const shown = (refusal: Failure | null | undefined) => (refusal ? shownFailure(refusal) : null);

/**
 * The pages that are taken as having the link: the crawl's seeds, or else the root of the URL's own origin.
 */
async function pagesWithLinks({ fleet }: PlaceParts, { crawl }: Subject, url: string): Promise<string[]> {
  const seeds = crawl === null ? null : await fleet.redis.hget(fleet.keys.crawl(crawl), 'seeds');
  const pages = (seeds ?? '')
    .split(' ')
    .slice(0, MOST_SEEDS)
    .flatMap((seed) => {
      const normalized = normalizeUrl(seed);
      return 'url' in normalized ? [normalized.url] : [];
    });
  return pages.length > 0 ? pages : [`${originOf(url)}/`];
}

function refusalOf({ loadedCrawl }: Subject, url: string, from: string, depth: number): Failure | null {
  const refusal = loadedCrawl.scope.refuses(url, from, depth);
  if (refusal) return refusal;
  return mostRepeats(url) > loadedCrawl.settings.maxPathRepeats ? failure('E_PATH_REPEATS') : null;
}

/**
 * As consumers/follow/follow-links.ts decides on a link of that page; its way from a seed is not known any
 * more.
 */
function refusalFor(subject: Subject, url: string, page: CrawlRecord): Failure | null {
  const from = page.referrer === null ? (page.finalUrl ?? page.url) : page.url;
  return refusalOf(subject, url, from, page.depth + 1);
}

async function limitOf({ fleet }: PlaceParts, { subject, counts, url }: Asked): Promise<Failure | null> {
  const { crawl, loadedCrawl } = subject;
  const { limit, maxPerHost } = loadedCrawl.settings;
  if (crawl === null || counts === null) return null;
  if (limit !== null && counts.accepted >= limit) return failure('E_LIMIT', `The limit is ${limit}.`);
  if (maxPerHost === null) return null;
  const { redis, keys } = shardOf(fleet, limiterKeyOf(url));
  const accepted = await redis.hget(keys.acceptedByHost(crawl), limiterKeyOf(url));
  return Number(accepted) >= maxPerHost ? failure('E_HOST_LIMIT', `The limit is ${maxPerHost}.`) : null;
}

async function guardLookOf(
  { fleet }: PlaceParts,
  { crawl, loadedCrawl }: Subject,
  url: string,
): Promise<GuardLook> {
  const name = hostnameOf(url).replace(/^\[|\]$/g, '');
  const isAddress = ipaddr.isValid(name);
  const isSeedHost =
    crawl !== null && (await fleet.redis.sismember(fleet.keys.seedHosts(crawl), hostPortOf(url))) === 1;
  const range = isAddress ? guardOf({ cidrs: [], hosts: [] }).refuses(name) : null;
  const refused =
    isAddress && guardOf({ cidrs: loadedCrawl.settings.allowPrivate, hosts: [] }).refuses(name) !== null;
  return { range, isAddress, isSeedHost, allowed: !refused || isSeedHost };
}
