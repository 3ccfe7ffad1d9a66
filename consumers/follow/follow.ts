// The step follow: the links of a page, or what a sitemap lists, become requests of the crawl.

import type { Answer } from '../../src/outcome.ts';
import type { Findings } from '../../src/page/findings.ts';
import { findRequisites } from '../../src/page/requisites.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import type { RequestEnd } from '../decision.ts';
import type { Handled } from '../handlers/call-handler.ts';
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
  { end, findings, handled }: { end: RequestEnd; findings: Findings | null; handled: Handled },
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
  const requisites = failure === null && findings ? requisitesOf(job, answer, findings) : [];
  const isPage = failure === null && job.request.extras?.requisite === undefined;
  const links = isPage && handled.followsLinks ? (findings?.links ?? []) : [];
  const { requests } = handled;
  const more = { ...handled.leftOut, ...tooLongOf(findings) };
  if (links.length + requests.length + requisites.length === 0) return withLeftOut(NOTHING, more);
  const { url, chain = null } = job.request;
  const page = { crawl: job.crawl, url, chain, maxAlike: job.loadedCrawl.settings.maxAlike };
  const isEndless = context.alikePages.isEndless(page, answer.body);
  const followed = await followLinks(
    context,
    job,
    { links, requests, requisites, from: answer.finalUrl },
    claim,
    isEndless,
  );
  return followed && withLeftOut(followed, more);
}

/** Style sheets that import one another in a row are followed so far. */
const DEEPEST_REQUISITE = 5;

/** --requisites: what the page, or a style sheet, needs to be shown. */
function requisitesOf({ loadedCrawl, request }: ActiveJob, answer: Answer, findings: Findings): string[] {
  if (!loadedCrawl.settings.requisites || (request.extras?.requisite ?? 0) >= DEEPEST_REQUISITE) return [];
  const { text, charset } = findings;
  const { finalUrl, headers, body } = answer;
  return findRequisites({ finalUrl, headers, body, text, charset }, loadedCrawl.urlRules, {
    stylesAlone: request.extras?.requisite !== undefined,
  });
}

/** The links of the page that were too long, by their code. */
function tooLongOf(findings: Findings | null): Readonly<Record<string, number>> {
  const tooLong = findings?.tooLong ?? 0;
  return tooLong === 0 ? NOTHING.leftOut : { E_URL_TOO_LONG: tooLong };
}

/** Adds what was left out before. */
function withLeftOut(followed: Followed, more: Readonly<Record<string, number>>): Followed {
  const sum: Record<string, number> = { ...followed.leftOut };
  for (const [code, count] of Object.entries(more)) sum[code] = (sum[code] ?? 0) + count;
  return { ...followed, leftOut: sum };
}
