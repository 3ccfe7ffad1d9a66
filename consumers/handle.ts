// The step handle: looks into the answer, and makes the record of the request.
import { hash } from 'node:crypto';
import { failure, shownFailure } from '../src/errors.ts';
import { isServed } from '../src/fetch/named-time.ts';
import { standInOf } from '../src/fetch/stand-ins.ts';
import { type Answer, NO_TIMINGS, type Redirected } from '../src/outcome.ts';
import { type Findings, findInAnswer, findText } from '../src/page/findings.ts';
import type { BodyForm, CrawlRecord, EmittedItem } from '../src/record.ts';
import { ROBOT } from '../src/robots/robots.ts';
import { originOf } from '../src/url/host.ts';
import { normalizeUrl } from '../src/url/normalize.ts';
import { reservedDetail, type Usage, usageOf } from '../src/usage/statement.ts';
import { besideFormer, formerFindings } from './again/as-it-was.ts';
import type { ActiveJob } from './context.ts';
import type { RequestEnd } from './decision.ts';
import { sessionIdOf } from './session/note-session.ts';
import { reservationFor, statementsOn } from './usage.ts';

/** What was found out about an answer, and the end of its request. */
export interface Examined {
  /** The given end; with E_RESERVED if the content may not be kept and nothing else was wrong. */
  end: RequestEnd;
  /** Null when nothing was examined. */
  findings: Findings | null;
  /** What the site said about the use of the content. */
  usage: Usage | null;
  /** The body, and its hash, may stand in the record. */
  isKept: boolean;
}

/** Looks into the answer. */
export function examine(job: ActiveJob, end: RequestEnd): Examined {
  if (end.answer === null) return { end, findings: null, usage: null, isKept: true };
  const findings = isUnread(job, end) ? null : (formerFindings(job, end) ?? findIn(job, end, end.answer));
  const statements = statementsOn(job, end.answer, findings?.statements ?? []);
  const usage = usageOf(statements);
  const reservation = reservationFor(job, statements);
  if (reservation === null) return { end, findings, usage, isKept: !job.request.extras?.checkOnly };
  // Of what is reserved, nothing is kept: no body and its hash, no title, no links, which are not followed.
  const detail = reservedDetail(reservation, `${originOf(end.answer.finalUrl)}/robots.txt`);
  const isFound = end.as === 'recorded' && end.failure === null;
  return {
    end: isFound ? { ...end, failure: failure('E_RESERVED', detail) } : end,
    findings: findings && { ...findings, title: null, links: null, text: null },
    usage,
    isKept: false,
  };
}

/** Title, links and directives of a challenge are not those of the site. */
function findIn(job: ActiveJob, end: RequestEnd, answer: Answer): Findings {
  if (!holdsPage(end)) return findText(answer);
  const { urlRules } = job.loadedCrawl;
  const findings = findInAnswer(answer, urlRules, ROBOT);
  const wentTo = answer.rendered?.wentTo;
  if (!wentTo || !findings.links || findings.nofollow) return findings;
  // Where a page went by itself in a browser is a link, as that of a refresh is.
  const normal = normalizeUrl(wentTo, urlRules);
  if (!('url' in normal) || findings.links.includes(normal.url)) return findings;
  return { ...findings, links: [...findings.links, normal.url] };
}

/**
 * The body of a sitemap is not kept, because what it lists becomes requests; that of a link that is only
 * checked is not wanted.
 */
function isUnread({ request: { extras } }: ActiveJob, end: RequestEnd): boolean {
  return extras?.checkOnly === true || (end.as === 'recorded' && extras?.sitemap !== undefined);
}

/** Whether the answer is the page itself. */
function holdsPage({ answer, failure }: RequestEnd): boolean {
  return failure === null || answer === null || standInOf(answer) === null;
}

/** The label in the record of something that a page needs to be shown (--requisites). */
const REQUISITE = 'requisite';

/** The record of a request with that end. `items`: what a handler emitted; null if none took the page. */
export function buildRecord(job: ActiveJob, examined: Examined, items: EmittedItem[] | null): CrawlRecord {
  const { end, findings, usage, isKept } = examined;
  const { request } = job;
  const form = isUnread(job, end) || !isKept ? 'none' : job.loadedCrawl.settings.body;
  const { answer, failure } = end;
  const failed = end.as === 'dead' && end.result && !end.result.ok ? end.result : null;
  const timings = answer?.timings ?? failed?.timings ?? NO_TIMINGS;
  return besideFormer(job, end, {
    id: job.id,
    crawl: job.crawl,
    url: request.url,
    finalUrl: answer?.finalUrl ?? failed?.finalUrl ?? null,
    method: job.memory?.wantsGet ? 'GET' : (request.extras?.method ?? 'GET'),
    status: answer?.status ?? null,
    ok: answer !== null && failure === null && isServed(answer),
    error: failure && shownFailure(failure),
    attempts: job.attempt,
    depth: request.depth,
    referrer: request.referrer,
    label: request.extras?.label ?? (request.extras?.requisite ? REQUISITE : null),
    userData: request.extras?.userData ?? null,
    fetchedAt: new Date().toISOString(),
    timings: { queue: Math.round(job.queueMs), slot: Math.round(job.trace.slotMs), ...timings },
    headers: answer?.headers ?? null,
    contentType: answer?.headers['content-type'] ?? null,
    charset: findings?.charset ?? null,
    bytes: answer?.body.byteLength ?? null,
    sha256: answer && isKept ? hash('sha256', answer.body, 'hex') : null,
    title: findings?.title ?? null,
    links: findings?.links ?? null,
    noindex: findings?.noindex ?? null,
    usage,
    items,
    redirects: redirectsOf(answer?.redirected ?? failed?.redirected),
    unchanged: null,
    revisitMs: null,
    proxy: answer?.proxy ?? failed?.proxy ?? null,
    http: answer?.http ?? failed?.came?.http ?? null,
    rendered: answer?.rendered ?? null,
    session: sessionIdOf(job),
    body: answer ? recordBody(answer.body, findings?.text ?? null, form) : null,
  });
}

function redirectsOf(redirected: readonly Redirected[] = []): Redirected[] | null {
  return redirected.length === 0 ? null : [...redirected];
}

/**
 * The body for the record. When text was asked for and the content is not textual, the body is null: base64
 * would be a surprise.
 */
function recordBody(body: Uint8Array, text: string | null, form: BodyForm): string | null {
  switch (form) {
    case 'none':
      return null;
    case 'base64':
      return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64');
    case 'text':
      return text;
    default:
      return form satisfies never;
  }
}
