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
import type { BodyForm, CrawlRecord } from '../src/record.ts';
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
export interface Handled {
  /** The given end; with E_RESERVED if the content may not be kept and nothing else was wrong. */
  end: RequestEnd;
  record: CrawlRecord;
  /** Null when nothing was examined. */
  findings: Findings | null;
}

export function handle(job: ActiveJob, end: RequestEnd): Handled {
  // The body of a sitemap is not kept, because what it lists becomes requests.
  const isSitemap = end.as === 'recorded' && job.request.extras?.sitemap !== undefined;
  const findings = end.answer && !isSitemap ? examine(job, end.answer, holdsPage(end)) : null;
  const form = isSitemap ? 'none' : job.loadedCrawl.settings.body;
  if (end.answer === null) return { end, record: buildRecord(job, end, { findings, form }), findings };
  const statements = statementsOn(job, end.answer, findings?.statements ?? []);
  const usage = usageOf(statements);
  const reservation = reservationFor(job, statements);
  if (reservation === null)
    return { end, record: buildRecord(job, end, { findings, form, usage }), findings };
  const detail = reservedDetail(reservation, `${originOf(end.answer.finalUrl)}/robots.txt`);
  return withoutContent(job, end, { findings, usage, detail });
}

/** Of what is reserved, nothing is kept: no body and its hash, no title, no links, which are not followed. */
function withoutContent(
  job: ActiveJob,
  found: RequestEnd,
  { findings, usage, detail }: { findings: Findings | null; usage: Usage | null; detail: string },
): Handled {
  const end =
    found.as === 'recorded' && found.failure === null
      ? { ...found, failure: failure('E_RESERVED', detail) }
      : found;
  const kept = findings && { ...findings, title: null, links: null, text: null };
  const record = buildRecord(job, end, { findings: kept, form: 'none', usage });
  return { end, record: { ...record, sha256: null }, findings: kept };
}

/**
 * Whether the answer is the page itself. Title, links and directives of a challenge are not those of the
 * site.
 */
function holdsPage({ answer, failure }: RequestEnd): boolean {
  return failure === null || answer === null || standInOf(answer) === null;
}

/** Finds the title and links of a page in HTML or XHTML, and the text of any textual answer. */
function examine(job: ActiveJob, answer: Answer, isPage: boolean): Findings {
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

function buildRecord(
  job: ActiveJob,
  end: RequestEnd,
  { findings, form, usage = null }: { findings: Findings | null; form: BodyForm; usage?: Usage | null },
): CrawlRecord {
  const { request } = job;
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
    sha256: answer ? hash('sha256', answer.body, 'hex') : null,
    title: findings?.title ?? null,
    links: findings?.links ?? null,
    noindex: findings?.noindex ?? null,
    usage,
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
