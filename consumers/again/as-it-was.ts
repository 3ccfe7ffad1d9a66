// What a 304 stands for: the page as the former run has it. Its headers are brought up to date, and the rest
// is taken from the former record, so that the new record is whole by itself.
import { freshened } from '../../src/fetch/conditions.ts';
import { readHeaderDirectives } from '../../src/page/directives.ts';
import type { Findings } from '../../src/page/findings.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { ROBOT } from '../../src/robots/robots.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import type { RequestEnd } from '../decision.ts';
import { type FormerPage, isEqual } from './former-page.ts';

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
  const { former } = job;
  if (former === null || !record.ok) return record;
  const unchanged = { crawl: former.crawl, id: former.record.id };
  if (!end.answer?.notModified) return isEqual(former.record, record) ? { ...record, unchanged } : record;
  if (former.body !== null) return { ...record, unchanged };
  const { bytes, sha256, body, items } = former.record;
  return { ...record, bytes, sha256, body, items: record.items ?? items, unchanged };
}
