// What a 304 stands for: the page as the former run has it. Its headers are brought up to date, and the rest
// is taken from the former record, so that the new record is whole by itself.
import { freshened } from '../../src/fetch/conditions.ts';
import { type Answer, NO_TIMINGS } from '../../src/outcome.ts';
import { readHeaderDirectives } from '../../src/page/directives.ts';
import type { Findings } from '../../src/page/findings.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { ROBOT } from '../../src/robots/robots.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import type { RequestEnd } from '../decision.ts';
import { type FormerPage, isEqual } from './former-page.ts';
import { revisitAfter } from './revisit.ts';

/** A 304 gets the headers of the page, and its body where the page must be read again. Others stay. */
export function asItWas(context: ConsumerContext, job: ActiveJob, end: RequestEnd): RequestEnd {
  const former = formerOf(job, end);
  if (former === null || end.as !== 'recorded') return end;
  const { answer } = end;
  const headers = freshened(former.record.headers ?? {}, answer.headers);
  const body = former.body === null ? answer.body : toThreads(context, former.body);
  return { ...end, answer: { ...answer, headers, body } };
}

/** The former page if the answer says that the page is as it was. */
function formerOf({ former }: ActiveJob, { answer }: RequestEnd): FormerPage | null {
  return answer?.notModified ? former : null;
}

/** Threads of handlers read a body without a copy of it. */
function toThreads({ handlerThreads }: ConsumerContext, body: Buffer): Buffer {
  if (handlerThreads === null) return body;
  const shared = Buffer.from(new SharedArrayBuffer(body.length));
  shared.set(body);
  return shared;
}

/** What the former run has found in the page; null when the page itself must be read, as any other. */
export function formerFindings(job: ActiveJob, end: RequestEnd): Findings | null {
  const former = formerOf(job, end);
  if (former === null || former.body !== null || end.answer === null) return null;
  const { title, links, noindex, usage, charset } = former.record;
  const { headers } = end.answer;
  // The headers alone may say something new.
  const said = headers['x-robots-tag'] === undefined ? null : readHeaderDirectives(headers, ROBOT);
  const statements = (usage?.statements ?? []).filter(({ source }) => source === 'meta');
  return {
    ...{ title, links: said?.nofollow && links ? [] : links, nofollow: said?.nofollow ?? false },
    ...{ noindex: noindex === null ? null : noindex || (said?.noindex ?? false) },
    ...{ statements, tooLong: 0, text: null, charset },
  };
}

/** The record, with what did not come again, and with a pointer to the former record if the page is equal. */
export function besideFormer(job: ActiveJob, end: RequestEnd, record: CrawlRecord): CrawlRecord {
  const { former, loadedCrawl } = job;
  if (loadedCrawl.former === null || !record.ok) return record;
  const { settings } = loadedCrawl;
  const ageMs = former?.record.ok ? Date.now() - Date.parse(former.record.fetchedAt) : null;
  const isUnchanged = former !== null && (end.answer?.notModified || isEqual(former.record, record));
  const again = { ...record, revisitMs: revisitAfter({ ageMs, isUnchanged }, settings) };
  if (!isUnchanged) return again;
  const unchanged = { crawl: former.crawl, id: former.record.id };
  if (!end.answer?.notModified || former.body !== null) return { ...again, unchanged };
  const { bytes, sha256, body, rendered = null, items } = former.record;
  const whole = { ...again, bytes, sha256, body, rendered, items: record.items ?? items, unchanged };
  if (!former.isKept) return whole;
  // Its last fetch was that of the former run.
  const { fetchedAt, revisitMs, redirects, proxy = null, http = null, session = null } = former.record;
  return { ...whole, fetchedAt, revisitMs, redirects, proxy, http, session };
}

/** The end of a request whose page is not due again: as if the server had said that nothing has changed. */
export function endAsItWas({ record }: FormerPage): RequestEnd {
  const { url, finalUrl, status, headers } = record;
  const answer: Answer = {
    ...{ finalUrl: finalUrl ?? url, status: status ?? 200, headers: headers ?? {}, body: new Uint8Array() },
    ...{ address: null, http: null, redirects: 0, notModified: true, timings: NO_TIMINGS },
  };
  return { kind: 'end', as: 'recorded', answer, failure: null };
}
