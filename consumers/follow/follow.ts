// Follow: what the answer leads to becomes requests of the crawl, the links of a page or what a sitemap lists.
import type { ActiveJob, ConsumerContext } from '../context.ts';
import type { RequestEnd } from '../decision.ts';
import type { Findings } from '../handle.ts';
import { type Followed, followLinks } from './follow-links.ts';
import { followSitemap } from './follow-sitemap.ts';

const NOTHING: Followed = Object.freeze({ links: '', leftOut: Object.freeze({}) });

/**
 * Offers all but the last part of what is followed; that part goes with the commit. Null when another consumer has taken the request over.
 * Idempotent: after a crash it is done again.
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
    // What robots.txt names does not depend on the /sitemap.xml with which it is taken (--sitemap auto).
    return sitemap?.auto ? followSitemap(context, job, null, claim) : NOTHING;
  }
  const { answer, failure } = end;
  if (sitemap) return followSitemap(context, job, failure === null ? answer : null, claim);
  const links = failure === null ? (findings?.links ?? []) : [];
  const from = job.request.depth === 0 ? answer.finalUrl : job.request.url;
  const followed = links.length === 0 ? NOTHING : await followLinks(context, job, links, from, claim);
  const tooLong = findings?.tooLong ?? 0;
  if (followed === null || tooLong === 0) return followed;
  return { links: followed.links, leftOut: { ...followed.leftOut, E_URL_TOO_LONG: tooLong } };
}
