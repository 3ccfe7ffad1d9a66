// Sitemaps as seeds: what a fetched sitemap lists becomes requests of the crawl, further sitemaps included.

import type { Failure } from '../../src/errors.ts';
import { packBatchEntry } from '../../src/frontier/entry.ts';
import type { Answer } from '../../src/outcome.ts';
import type { Request } from '../../src/request.ts';
import { parseRobots } from '../../src/robots/rules.ts';
import { readSitemap, type SitemapEntry, type SitemapFacts } from '../../src/sitemap/sitemap.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { normalizeUrl } from '../../src/url/normalize.ts';
import { withoutSessionIds } from '../../src/url/session-ids.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { type Followed, inSession, offerParts } from './follow-links.ts';
import { PrivateLinks } from './private-links.ts';

/** An index lists sitemaps, which should list pages. Some list a further index. */
const DEEPEST_LEVEL = 3;

/** What was found in the sitemap. */
interface Listing {
  facts: SitemapFacts | null;
  /** The sitemaps that robots.txt names. */
  named: readonly string[];
  /** URLs of the hosts for which the sitemap speaks, best first. */
  origins: readonly string[];
  /** The URL of the sitemap after all redirects. */
  base: string;
  /** How many sitemaps of an index are left out, by the sentence that says why. */
  notTaken: Map<string, number>;
}

/**
 * Offers what the sitemap lists: pages at the sitemap's own depth, with their lastmod as user data, in the
 * scope of the host for which the sitemap speaks (sitemaps.org, "Sitemap file location"). That is its own
 * host, and the host that this one redirected to; for a sitemap named by a robots.txt, it is the host of that
 * file. `answer` is null when there is none to read. Returns null when another consumer has taken the sitemap
 * over.
 */
export async function followSitemap(
  context: ConsumerContext,
  job: ActiveJob,
  answer: Answer | null,
  claim: number,
): Promise<Followed | null> {
  const leftOut: Record<string, number> = {};
  const listing = await listingOf(context, job, answer);
  const privateLinks = new PrivateLinks(job);
  const last = await offerParts(context, job, sitemapEntries(job, listing, { leftOut, privateLinks }), claim);
  if (last === null) return null;
  const links = last + (await privateLinks.allowed(context, leftOut));
  const notTaken = [...listing.notTaken].map(([why, count]) => `${why}: ${count} left out.`);
  for (const warning of [...(listing.facts?.warnings ?? []), ...notTaken])
    context.log.warn(
      { request: job.jobId, crawl: job.crawl, code: 'E_SITEMAP', url: job.request.url, warning },
      'sitemap',
    );
  const flaws = listing.facts?.warnings.length ?? 0;
  if (flaws > 0) leftOut.E_SITEMAP = (leftOut.E_SITEMAP ?? 0) + flaws;
  return { links, leftOut };
}

async function listingOf(context: ConsumerContext, job: ActiveJob, answer: Answer | null): Promise<Listing> {
  const { request } = job;
  const { auto = false } = request.extras?.sitemap ?? {};
  const isRobots = auto && request.url.endsWith('/robots.txt');
  const isRead = answer !== null && !isRobots;
  return {
    facts: isRead ? await readSitemap(answer.body, answer.headers['content-type'] ?? '') : null,
    named: isRobots ? sitemapsIn(answer) : auto ? await knownSitemaps(context, request.url) : [],
    origins: originsOf(request, answer),
    base: answer?.finalUrl ?? request.url,
    notTaken: new Map(),
  };
}

function sitemapsIn(robots: Answer | null): readonly string[] {
  return robots ? parseRobots(robots.body, '').sitemaps : [];
}

/**
 * The sitemaps of the robots.txt that let the request pass. The fleet knows them, even if this process has
 * forgotten them.
 */
async function knownSitemaps({ robots }: ConsumerContext, url: string): Promise<readonly string[]> {
  await robots.check(url, async () => ({ kind: 'later', untilMs: 0 }));
  return robots.rulesFor(url)?.sitemaps ?? [];
}

function originsOf(request: Request, answer: Answer | null): string[] {
  const own = limiterKeyOf(request.url);
  const host = request.extras?.sitemap?.host ?? own;
  const target = answer && host === own ? answer.finalUrl : null;
  const [scheme] = request.url.split('//', 1);
  const origins = [`${scheme}//${host}/`];
  if (target !== null) origins.push(`${target.split('//', 1)[0]}//${limiterKeyOf(target)}/`);
  return [...new Set(origins)];
}

/** A generator, because 50,000 entries at once would block the process. */
function* sitemapEntries(
  job: ActiveJob,
  listing: Listing,
  { leftOut, privateLinks }: { leftOut: Record<string, number>; privateLinks: PrivateLinks },
): Generator<string> {
  for (const found of requestsOf(job, listing)) {
    if ('code' in found) leftOut[found.code] = (leftOut[found.code] ?? 0) + 1;
    else {
      const pack = () => packBatchEntry(found, job.laneKey);
      if (!privateLinks.holdsBack(found.url, pack)) yield pack();
    }
  }
}

/** The requests, and for what becomes no request the reason. */
function* requestsOf(job: ActiveJob, listing: Listing): Generator<Request | Pick<Failure, 'code'>> {
  const { request, loadedCrawl } = job;
  const { level = 0 } = request.extras?.sitemap ?? {};
  const shared = { depth: request.depth, referrer: request.url };
  for (const text of listing.named) {
    const url = normalizedUrl(job, text, listing.base);
    if (typeof url !== 'string') yield url;
    else
      yield {
        ...shared,
        url,
        extras: inSession(request, { sitemap: { level, host: namedFor(job, listing, url) } }),
      };
  }
  for (const entry of listing.facts?.entries ?? []) {
    const url = normalizedUrl(job, entry.url, baseOf(entry, listing.base));
    if (typeof url !== 'string') yield url;
    else if (listing.facts?.kind === 'index') yield nestedOf(job, listing, url, level);
    else {
      const refusals = listing.origins.map((from) => loadedCrawl.scope.refuses(url, from, request.depth));
      const refusal = refusals.includes(null) ? null : refusals[0];
      yield refusal ?? { ...shared, url, extras: inSession(request, extrasOf(entry)) };
    }
  }
}

/** What an entry's URL is relative to. A base that is no URL does not count. */
function baseOf({ bases = [] }: SitemapEntry, file: string): string {
  return bases.reduce((outer, base) => URL.parse(base, outer)?.href ?? outer, file);
}

function extrasOf({ lastmod }: SitemapEntry): Request['extras'] {
  return lastmod === null ? null : { userData: { lastmod } };
}

/** A sitemap in an index. --include and --exclude apply to pages only. */
function nestedOf(
  job: ActiveJob,
  { origins, base, notTaken }: Listing,
  url: string,
  level: number,
): Request | Pick<Failure, 'code'> {
  const { request, loadedCrawl } = job;
  const isOwn = [request.url, base].some((own) => limiterKeyOf(own) === limiterKeyOf(url));
  const from =
    origins.find((origin) => loadedCrawl.scope.isWithin(url, origin)) ?? (isOwn ? origins[0] : undefined);
  if (from !== undefined && level < DEEPEST_LEVEL) {
    const sitemap = { level: level + 1, host: limiterKeyOf(from) };
    return { url, depth: request.depth, referrer: request.url, extras: inSession(request, { sitemap }) };
  }
  const why = from === undefined ? 'Sitemaps of other hosts' : 'Sitemaps in an index that is nested too deep';
  notTaken.set(why, (notTaken.get(why) ?? 0) + 1);
  return { code: 'E_SITEMAP' };
}

/**
 * The host for which a sitemap speaks that robots.txt names. A host with and without `www.` is one site: one
 * of them redirects to the other.
 */
function namedFor({ loadedCrawl }: ActiveJob, { origins }: Listing, url: string): string {
  const host = limiterKeyOf(url);
  const hosts = origins.map(limiterKeyOf);
  if (hosts.some((known) => known === `www.${host}` || host === `www.${known}`)) return host;
  return limiterKeyOf(origins.find((origin) => loadedCrawl.scope.isWithin(url, origin)) ?? origins[0] ?? url);
}

function normalizedUrl({ loadedCrawl }: ActiveJob, text: string, base: string): string | Failure {
  const normalized = normalizeUrl(text, { ...loadedCrawl.urlRules, base });
  if (!('url' in normalized)) return normalized.failure;
  return loadedCrawl.settings.keepSessionIds ? normalized.url : withoutSessionIds(normalized.url);
}
