// The step handle: looks into the answer, and makes the record of the request.
import { hash } from 'node:crypto';
import { shownFailure } from '../src/errors.ts';
import { isNoSniff, mediaTypeOf } from '../src/fetch/body/media-type.ts';
import { decodeText } from '../src/fetch/body/text.ts';
import { standInOf } from '../src/fetch/stand-ins.ts';
import { hasXhtmlRoot } from '../src/markup/xml-tags.ts';
import { type Answer, NO_TIMINGS } from '../src/outcome.ts';
import { readHeaderDirectives, readPage } from '../src/page/links.ts';
import type { BodyForm, CrawlRecord } from '../src/record.ts';
import { PRODUCT_TOKEN } from '../src/robots/robots.ts';
import { createLinkResolver } from '../src/url/normalize.ts';
import type { ActiveJob } from './context.ts';
import type { RequestEnd } from './decision.ts';

export interface Findings {
  title: string | null;
  links: string[] | null;
  /** The page asks robots not to follow its links, and not to show it in a search. */
  nofollow: boolean;
  noindex: boolean | null;
  /** How many links were longer than a URL may be. */
  tooLong: number;
  text: string | null;
  charset: string | null;
}

/** The name by which pages call this robot, as robots.txt does; any case. */
const ROBOT = PRODUCT_TOKEN.toLowerCase();
const NOTHING: Findings = {
  title: null,
  links: null,
  nofollow: false,
  noindex: null,
  tooLong: 0,
  text: null,
  charset: null,
};

/** `findings` is null when nothing was examined. */
export function handle(job: ActiveJob, end: RequestEnd): { record: CrawlRecord; findings: Findings | null } {
  // The body of a sitemap is not kept, because what it lists becomes requests.
  const isSitemap = end.as === 'recorded' && job.request.extras?.sitemap !== undefined;
  const findings = end.answer && !isSitemap ? examine(job, end.answer, holdsPage(end)) : null;
  const form = isSitemap ? 'none' : job.loadedCrawl.settings.body;
  return { record: buildRecord(job, end, findings, form), findings };
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
  return { title: page.title, links: nofollow ? [] : page.links, nofollow, noindex, tooLong, text, charset };
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
  findings: Findings | null,
  form: BodyForm,
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
