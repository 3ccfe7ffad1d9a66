// The step handle: looks into the answer, and makes the record of the request.
import { hash } from 'node:crypto';
import { failure, shownFailure } from '../src/errors.ts';
import { isNoSniff, mediaTypeOf } from '../src/fetch/body/media-type.ts';
import { decodeText } from '../src/fetch/body/text.ts';
import { standInOf } from '../src/fetch/stand-ins.ts';
import { hasXhtmlRoot } from '../src/markup/xml-tags.ts';
import { type Answer, NO_TIMINGS } from '../src/outcome.ts';
import { readHeaderDirectives, readPage } from '../src/page/links.ts';
import type { PageStatement } from '../src/page/usage.ts';
import type { BodyForm, CrawlRecord, EmittedItem } from '../src/record.ts';
import { originOf } from '../src/url/host.ts';
import { createLinkResolver } from '../src/url/normalize.ts';
import { reservedDetail, type Usage, usageOf } from '../src/usage/statement.ts';
import type { ActiveJob } from './context.ts';
import type { RequestEnd } from './decision.ts';
import { ROBOT, reservationFor, statementsOn } from './usage.ts';

export interface Findings {
  title: string | null;
  links: string[] | null;
  /** The page asks robots not to follow its links, and not to show it in a search. */
  nofollow: boolean;
  noindex: boolean | null;
  /** What the page itself says about its use. */
  statements: readonly PageStatement[];
  /** How many links were longer than a URL may be. */
  tooLong: number;
  text: string | null;
  charset: string | null;
}

const NOTHING: Findings = {
  title: null,
  links: null,
  nofollow: false,
  noindex: null,
  statements: [],
  tooLong: 0,
  text: null,
  charset: null,
};

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
  const findings = isSitemap(job, end) ? null : findIn(job, end.answer, holdsPage(end));
  const statements = statementsOn(job, end.answer, findings?.statements ?? []);
  const usage = usageOf(statements);
  const reservation = reservationFor(job, statements);
  if (reservation === null) return { end, findings, usage, isKept: true };
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

/** The body of a sitemap is not kept, because what it lists becomes requests. */
function isSitemap(job: ActiveJob, end: RequestEnd): boolean {
  return end.as === 'recorded' && job.request.extras?.sitemap !== undefined;
}

/**
 * Whether the answer is the page itself. Title, links and directives of a challenge are not those of the
 * site.
 */
function holdsPage({ answer, failure }: RequestEnd): boolean {
  return failure === null || answer === null || standInOf(answer) === null;
}

/** Finds the title and links of a page in HTML or XHTML, and the text of any textual answer. */
function findIn(job: ActiveJob, answer: Answer, isPage: boolean): Findings {
  const { headers, body } = answer;
  const type = mediaTypeOf(headers['content-type'], body, isNoSniff(headers['x-content-type-options']));
  if (type.kind === 'binary') return NOTHING;
  const { text, charset } = decodeText(body, type);
  const xhtml = type.essence === 'application/xhtml+xml' || (type.kind === 'xml' && hasXhtmlRoot(text));
  if (!isPage) return { ...NOTHING, text, charset };
  const directives = readHeaderDirectives(headers, ROBOT);
  let tooLong = 0;
  const urlRules = { ...job.loadedCrawl.urlRules, onTooLong: () => tooLong++ };
  const resolveOfHeader = () => createLinkResolver(answer.finalUrl, urlRules);
  if (type.kind !== 'html' && !xhtml) {
    const links = directives.refresh === null ? null : [];
    if (links && !directives.nofollow) addLinks(links, [directives.refresh ?? ''], resolveOfHeader());
    return { ...NOTHING, links, tooLong, text, charset };
  }
  const page = readPage(text, answer.finalUrl, urlRules, { xhtml, robot: ROBOT, charset });
  const nofollow = page.nofollow || directives.nofollow;
  if (directives.links.length > 0) addLinks(page.links, directives.links, resolveOfHeader());
  const noindex = page.noindex || directives.noindex;
  const { title, statements } = page;
  const links = nofollow ? [] : page.links;
  return { title, links, nofollow, noindex, statements, tooLong, text, charset };
}

function addLinks(links: string[], hrefs: readonly string[], resolve: (href: string) => string | null): void {
  for (const href of hrefs) {
    const url = resolve(href);
    if (url && !links.includes(url)) links.push(url);
  }
}

/** The record of a request with that end. `items`: what a handler emitted; null if none took the page. */
export function buildRecord(job: ActiveJob, examined: Examined, items: EmittedItem[] | null): CrawlRecord {
  const { end, findings, usage, isKept } = examined;
  const { request } = job;
  const form = isSitemap(job, end) || !isKept ? 'none' : job.loadedCrawl.settings.body;
  const { answer, failure } = end;
  const failed = end.as === 'dead' && end.result && !end.result.ok ? end.result : null;
  const timings = answer?.timings ?? failed?.timings ?? NO_TIMINGS;
  return {
    id: job.id,
    crawl: job.crawl,
    url: request.url,
    finalUrl: answer?.finalUrl ?? failed?.finalUrl ?? null,
    method: request.extras?.method ?? 'GET',
    status: answer?.status ?? null,
    ok: answer !== null && failure === null && answer.status >= 200 && answer.status < 300,
    error: failure && shownFailure(failure),
    attempts: job.attempt,
    depth: request.depth,
    referrer: request.referrer,
    label: request.extras?.label ?? null,
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
    body: answer ? recordBody(answer.body, findings?.text ?? null, form) : null,
  };
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
