// The step follow: the links of a page, or what a sitemap lists, become requests of the crawl.
import type { ActiveJob, ConsumerContext } from '../context.ts';
import type { RequestEnd } from '../decision.ts';
import type { Findings } from '../handle.ts';
import { type Followed, followLinks } from './follow-links.ts';
import { followSitemap } from './follow-sitemap.ts';

const NOTHING: Followed = Object.freeze({ links: '', leftOut: Object.freeze({}) });

/**
 * Offers all except the last part; that part goes with the commit. Returns null when another consumer has
 * taken the request over. Idempotent: after a crash it is done again.
 */
export async function follow(
  context: ConsumerContext,
  job: ActiveJob,
  end: RequestEnd,
  findings: Findings | null,
  claim: number,
): Promise<Followed | null> {
  const { sitemap } = job.request.extras ?? {};
  if (end.as !== 'recorded') {
    // --sitemap auto: the sitemaps that robots.txt names are followed, even when /sitemap.xml itself cannot
    // be read.
    return sitemap?.auto ? followSitemap(context, job, null, claim) : NOTHING;
  }
  const { answer, failure } = end;
  if (sitemap) return followSitemap(context, job, failure === null ? answer : null, claim);
  const links = failure === null ? (findings?.links ?? []) : [];
  if (links.length === 0) return withTooLong(NOTHING, findings?.tooLong ?? 0);
  const { url, chain = null } = job.request;
  const page = { crawl: job.crawl, url, chain, maxAlike: job.loadedCrawl.settings.maxAlike };
  const isEndless = context.alikePages.isEndless(page, answer.body);
  const followed = await followLinks(context, job, links, answer.finalUrl, claim, isEndless);
  return followed && withTooLong(followed, findings?.tooLong ?? 0);
}

/** `tooLong`: how many links of the page were too long. */
function withTooLong({ links, leftOut }: Followed, tooLong: number): Followed {
  return tooLong === 0 ? { links, leftOut } : { links, leftOut: { ...leftOut, E_URL_TOO_LONG: tooLong } };
}
