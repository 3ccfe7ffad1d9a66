// What a site says about the use of an answer, and whether that keeps it from the crawl (--purpose).
import type { Answer } from '../src/outcome.ts';
import { type PageStatement, usageOfAnswer } from '../src/page/usage.ts';
import { ROBOT } from '../src/robots/robots.ts';
import { type ReadStatement, type Reservation, reservationOf } from '../src/usage/statement.ts';
import type { ActiveFetch } from './context.ts';

/**
 * All that holds for the answer: the lines of robots.txt under which it was fetched, its headers, and what
 * the head of the page says.
 */
export function statementsOn(
  fetch: ActiveFetch,
  { finalUrl, headers }: Answer,
  page: readonly PageStatement[],
): readonly ReadStatement[] {
  const ofRobots = fetch.trace.rules?.usage(finalUrl) ?? [];
  const ofAnswer = usageOfAnswer(headers, page, ROBOT);
  return ofRobots.length === 0 ? ofAnswer : [...ofRobots, ...ofAnswer];
}

/**
 * What keeps content from the crawl; null when nothing does. A sitemap is never kept from it: a site makes it
 * for crawlers, and drover keeps nothing of it but the URLs.
 */
export function reservationFor(fetch: ActiveFetch, statements: readonly ReadStatement[]): Reservation | null {
  if (fetch.request.extras?.sitemap) return null;
  return reservationOf(statements, fetch.loadedCrawl.settings.purpose);
}
