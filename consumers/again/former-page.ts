// What a crawl that was begun again knows of a page from its former run, and what that is good for: asking
// whether it has changed, and going on from it when it has not.
import { hash } from 'node:crypto';
import type { CrawlSettings } from '../../src/config/settings.ts';
import type { FormerRun } from '../../src/crawl/former-run.ts';
import { type Conditions, conditionsOn } from '../../src/fetch/conditions.ts';
import type { CrawlRecord } from '../../src/record.ts';
import type { Request } from '../../src/request.ts';
import type { FormerAnswer } from '../../src/warc/exchange-records.ts';
import { isDue } from './revisit.ts';

export interface FormerPage {
  /** The id of the former run. */
  readonly crawl: string;
  /** Without body, links and items unless an unchanged page gets them from here. */
  readonly record: CrawlRecord;
  /** Null when the page is asked for like any other. */
  readonly conditions: Conditions | null;
  /** It is not due again: the record is taken over, and nothing is asked for. */
  readonly isKept: boolean;
  /** The body, where an unchanged page is read again. Null where what the record has of it is enough. */
  readonly body: Buffer | null;
}

/** What is known of both runs. */
export interface RunFacts {
  readonly former: FormerRun;
  readonly settings: CrawlSettings;
  /** Links are normalised by the same rules in both. */
  readonly sameLinks: boolean;
  /** The former run has archived its answers, or this one archives none. */
  readonly hasArchive: boolean;
}

/**
 * `isRead`: the page must be read, even if it has not changed: for its handler, for what it needs to be shown
 * (--requisites), or because it may be one of very many that are alike.
 */
export function formerPageOf(
  record: CrawlRecord,
  request: Request,
  facts: RunFacts,
  isRead: boolean,
): FormerPage {
  const { crawl } = facts.former;
  const isGood = isAskedAlike(facts, request) && isWhole(record, facts.settings);
  // What a page needs to be shown is found in its body.
  const mayKeep = isGood && facts.settings.onlyDue && !facts.settings.requisites;
  if (mayKeep && !isDue(record, Date.now()))
    return { crawl, record, conditions: null, isKept: true, body: null };
  const conditions = isGood && mayAsk(facts) ? conditionsOf(record) : null;
  const body = conditions && isRead ? exactBody(record, facts.settings.body) : null;
  const isCopied = conditions !== null && !isRead;
  return {
    crawl,
    record: isCopied ? record : { ...record, body: null, links: null, items: null },
    conditions: isCopied || body !== null ? conditions : null,
    isKept: false,
    body,
  };
}

/** Whether both runs ask for the page in the same words, so that one answer is worth as much as the other. */
function isAskedAlike({ former, sameLinks }: RunFacts, { extras }: Request): boolean {
  if (!former.sameHeaders || !former.sameBody || !sameLinks) return false;
  // The record does not have the headers of its request: it may have been asked for with others.
  if (extras?.headers || extras?.body) return false;
  return (extras?.method ?? 'GET') === 'GET';
}

function mayAsk({ settings, hasArchive }: RunFacts): boolean {
  return hasArchive && !Object.keys(settings.header).some(isOnesOwnCondition);
}

const isOnesOwnCondition = (name: string) => /^(?:if-|range$)/i.test(name);

/** Whether the record has all that a page needs that did not come again. */
function isWhole(record: CrawlRecord, { body: form }: CrawlSettings): boolean {
  const { status, ok, error, sha256, charset, body, usage } = record;
  if (!ok || error !== null || (status !== 200 && status !== 304) || sha256 === null) return false;
  // Bodies may have been purged. One that is no text never was in a record with text.
  if (body === null && (form === 'base64' || (form === 'text' && charset !== null))) return false;
  return (
    usage === null || (usage.leftOut === 0 && !usage.statements.some(({ value }) => value.endsWith('…')))
  );
}

function conditionsOf({ finalUrl, headers }: CrawlRecord): Conditions | null {
  return finalUrl === null || headers === null ? null : conditionsOn(finalUrl, headers);
}

/** The bytes that came, if the record has them: text may have come in another character set. */
function exactBody({ body, bytes, sha256 }: CrawlRecord, form: CrawlSettings['body']): Buffer | null {
  if (body === null) return null;
  const came = Buffer.from(body, form === 'base64' ? 'base64' : 'utf8');
  return came.length === bytes && hash('sha256', came, 'hex') === sha256 ? came : null;
}

/** Whether a record is of the same page: equal in content, and found at the same URL. */
export function isEqual(
  former: CrawlRecord,
  page: Pick<CrawlRecord, 'status' | 'finalUrl' | 'sha256'>,
): boolean {
  if (!former.ok || former.error !== null || former.sha256 === null) return false;
  const status = former.status === 304 ? 200 : former.status;
  return former.sha256 === page.sha256 && status === page.status && former.finalUrl === page.finalUrl;
}

/** What the revisit record of a 304 names. */
export function formerAnswerOf({ record }: FormerPage): FormerAnswer {
  const { finalUrl, url, fetchedAt, timings, headers, sha256 } = record;
  // The archive has the digest of what came, before its content coding was undone.
  const isCoded = headers?.['content-encoding'] !== undefined;
  return {
    url: finalUrl ?? url,
    at: Date.parse(fetchedAt) - (timings.total ?? 0),
    recordId: null,
    payloadDigest: sha256 === null || isCoded ? null : `sha256:${sha256}`,
  };
}
