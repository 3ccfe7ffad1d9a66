// Sitemaps as seeds: what a fetched sitemap lists becomes requests of the crawl, further sitemaps among them.

import { entryOf } from '../frontier/entry.ts';
import type { Answer } from '../outcome.ts';
import { readSitemap, type SitemapEntry, type SitemapFacts } from '../page/sitemap.ts';
import type { Request } from '../request.ts';
import { limiterKeyOf } from '../url/host.ts';
import { normalizeUrl } from '../url/normalize.ts';
import { withoutSessionIds } from '../url/session-ids.ts';
import { type Followed, offerParts } from './follow.ts';
import type { Station, Work } from './station.ts';

/** An index lists sitemaps, which should list pages; some list a further index. */
const DEEPEST_LEVEL = 3;

/**
 * Offers what the sitemap lists: pages at the sitemap's own depth, in the scope of the host that it speaks for (sitemaps.org, "Sitemap file
 * location"; a robots.txt may name sitemaps elsewhere), their lastmod as user data. `answer` is null where there is none to read. Null when another
 * consumer has taken the sitemap over.
 */
export async function followSitemap(
  station: Station,
  work: Work,
  answer: Answer | null,
): Promise<Followed | null> {
  const leftOut: Record<string, number> = {};
  const facts = answer ? await readSitemap(answer.body, answer.headers['content-type'] ?? '') : null;
  for (const warning of facts?.warnings ?? []) {
    leftOut.E_SITEMAP = (leftOut.E_SITEMAP ?? 0) + 1;
    station.log.warn({ crawl: work.crawl, sitemap: work.request.url, warning }, 'sitemap');
  }
  const links = await offerParts(station, work, entriesOf(station, work, facts, leftOut));
  return links === null ? null : { links, leftOut };
}

/** Made one by one as they are offered: 50,000 at once would hold up the process. */
function* entriesOf(
  station: Station,
  work: Work,
  facts: SitemapFacts | null,
  leftOut: Record<string, number>,
): Generator<string> {
  for (const request of requestsOf(station, work, facts)) {
    if (typeof request === 'string') leftOut[request] = (leftOut[request] ?? 0) + 1;
    else yield entryOf(request, work.laneKey);
  }
}

/** Requests, and the codes of what becomes none. */
function* requestsOf(station: Station, work: Work, facts: SitemapFacts | null): Generator<Request | string> {
  const { request } = work;
  const { level = 0, host = limiterKeyOf(request.url), auto = false } = request.extras?.sitemap ?? {};
  const shared = { depth: request.depth, referrer: request.url };
  const named = auto ? (station.robots.rulesFor(request.url)?.sitemaps ?? []) : [];
  for (const url of named) {
    const found = spell(work, url, request.url);
    yield found ? { ...shared, url: found, extras: { sitemap: { level, host } } } : 'E_URL_INVALID';
  }
  const from = `${request.url.startsWith('https:') ? 'https' : 'http'}://${host}/`;
  for (const entry of facts?.entries ?? []) {
    const url = spell(work, entry.url, request.url);
    if (url === null) yield 'E_URL_INVALID';
    else if (facts?.kind === 'index') {
      if (level >= DEEPEST_LEVEL || !work.plan.scope.isWithin(url, from)) yield 'E_SITEMAP';
      else yield { ...shared, url, extras: { sitemap: { level: level + 1, host } } };
    } else {
      const refusal = work.plan.scope.refuses(url, from, request.depth);
      yield refusal ? refusal.code : { ...shared, url, extras: extrasOf(entry) };
    }
  }
}

function extrasOf({ lastmod }: SitemapEntry): Request['extras'] {
  return lastmod === null ? null : { userData: { lastmod } };
}

function spell({ plan }: Work, text: string, base: string): string | null {
  const normalized = normalizeUrl(text, { ...plan.urlRules, base });
  if (!('url' in normalized)) return null;
  return plan.settings.keepSessionIds ? normalized.url : withoutSessionIds(normalized.url);
}
