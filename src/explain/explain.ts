// Explains every decision about one URL or request: normalised form, crawl, scope, guard, robots.txt, host,
// place, attempts, outcome, record.
import type { Settings } from '../config/settings.ts';
import { createLoadedCrawls } from '../crawl/loaded-crawl.ts';
import { DroverError } from '../errors.ts';
import { crawlAndId } from '../keys.ts';
import { redacted } from '../redact.ts';
import { readBareUrl } from '../seeds/bare-url.ts';
import { limiterKeyOf } from '../url/host.ts';
import { formsOf, subjectOf } from './crawl.ts';
import type { Explanation, Facts, Subject, Whereabouts } from './explanation.ts';
import { gatherFacts } from './facts.ts';
import { locate, type PlaceParts } from './place.ts';
import { stepsOf } from './steps.ts';
import { verdictOf } from './verdict.ts';
import { waterfallOfRecord } from './waterfall.ts';

export type { Explanation };

export interface ExplainParts extends PlaceParts {
  /** Used for a URL when there is no crawl yet. */
  settings: Settings;
}

/**
 * Explains a URL, whether or not it was ever offered: for the crawl with this name or id; without one, for
 * the newest crawl that knows the URL, or else the newest. Changes nothing and fetches nothing. It explains
 * the GET request without a body; for others there is explainRequest. Throws E_CRAWL_UNKNOWN, E_FILE.
 */
export async function explainUrl(
  parts: ExplainParts,
  url: string,
  crawl: string | null,
): Promise<Explanation> {
  const subject = await subjectOf(parts, readBareUrl(url)?.url ?? url, crawl);
  const { id, loadedCrawl } = subject;
  const where =
    subject.crawl === null || id === null || subject.url === null
      ? null
      : await locate(parts, {
          crawl: subject.crawl,
          store: loadedCrawl.store,
          recordsFolder: loadedCrawl.recordsFolder,
          id,
          key: limiterKeyOf(subject.url),
        });
  return explanationOf(await gatherFacts(parts, subject, where));
}

/** Explains a request by its id, CRAWL.FINGERPRINT. Throws E_REQUEST_UNKNOWN, E_FILE. */
export async function explainRequest(parts: ExplainParts, jobId: string): Promise<Explanation> {
  const { crawl, id } = crawlAndId(jobId);
  const isId = /^[0-9a-f]{16}$/.test(id) && crawl !== '';
  const loadedCrawl = isId ? await createLoadedCrawls(parts.fleet).get(crawl) : null;
  const where =
    loadedCrawl &&
    (await locate(parts, {
      crawl,
      store: loadedCrawl.store,
      recordsFolder: loadedCrawl.recordsFolder,
      id,
      key: null,
    }));
  if (!loadedCrawl || !where || where.place.kind === 'never' || where.place.kind === 'dropped')
    throw new DroverError('E_REQUEST_UNKNOWN', `${jobId}.`);
  const url = where.request?.url ?? where.placed?.record.url ?? null;
  const forms = url === null ? null : formsOf(url, loadedCrawl);
  const subject: Subject = {
    text: url ?? jobId,
    crawl,
    chosen: 'named',
    loadedCrawl,
    forms: forms && 'seed' in forms ? forms : null,
    failure: null,
    url,
    id,
  };
  return explanationOf(await gatherFacts(parts, subject, where));
}

function explanationOf(facts: Facts): Explanation {
  const { subject, where, hostState } = facts;
  const { text, url, id, crawl } = subject;
  return redacted({
    url: text,
    normalized: url,
    fingerprint: id,
    host: url === null ? null : limiterKeyOf(url),
    crawl,
    verdict: verdictOf(facts),
    steps: stepsOf(facts),
    attempts: where?.attempts ?? [],
    letter: where?.letter ?? null,
    record: withoutBody(where),
    hostState,
    waterfall: where?.placed ? waterfallOfRecord(where.placed.record, subject.loadedCrawl.timeouts) : null,
  });
}

function withoutBody(where: Whereabouts | null): Explanation['record'] {
  const placed = where?.placed;
  return placed ? { ...placed, record: { ...placed.record, body: null } } : null;
}
