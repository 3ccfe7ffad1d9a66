// One request's record: what was asked, what came, what was found in it.
import { hash } from 'node:crypto';
import { type Failure, shownFailure } from '../src/errors.ts';
import { decodeText, isHtml } from '../src/fetch/body/text.ts';
import { type Answer, NO_TIMINGS, type Timings } from '../src/outcome.ts';
import { readHeaderDirectives, readPage } from '../src/page/links.ts';
import type { CrawlRecord } from '../src/record.ts';
import { createLinkResolver } from '../src/url/normalize.ts';
import type { ActiveJob } from './context.ts';

export interface Findings {
  title: string | null;
  links: string[] | null;
  /** The page asks not to follow its links; not to be shown in a search. */
  nofollow: boolean;
  noindex: boolean | null;
  /** Links that were longer than URLs may be. */
  tooLong: number;
  text: string | null;
  charset: string | null;
}

const TEXTUAL = /^(text\/|application\/(json|xml|javascript|xhtml|[a-z.+-]*\+(json|xml)))/i;
const NOTHING: Findings = {
  title: null,
  links: null,
  nofollow: false,
  noindex: null,
  tooLong: 0,
  text: null,
  charset: null,
};

/** Title and links of an HTML page; the text of anything textual. */
export function examine(job: ActiveJob, answer: Answer): Findings {
  const type = answer.headers['content-type'] ?? '';
  const html = isHtml(type, answer.body);
  if (!html && !TEXTUAL.test(type)) return NOTHING;
  const { text, charset } = decodeText(answer.body, type);
  if (!html) return { ...NOTHING, text, charset };
  let tooLong = 0;
  const urlRules = { ...job.loadedCrawl.urlRules, onTooLong: () => tooLong++ };
  const page = readPage(text, answer.finalUrl, urlRules, /xhtml/i.test(type));
  const directives = readHeaderDirectives(answer.headers);
  const nofollow = page.nofollow || directives.nofollow;
  if (directives.links.length > 0)
    addLinks(page.links, directives.links, createLinkResolver(answer.finalUrl, urlRules));
  const noindex = page.noindex || directives.noindex;
  return { title: page.title, links: nofollow ? [] : page.links, nofollow, noindex, tooLong, text, charset };
}

function addLinks(links: string[], hrefs: readonly string[], resolve: (href: string) => string | null): void {
  for (const href of hrefs) {
    const url = resolve(href);
    if (url && !links.includes(url)) links.push(url);
  }
}

/** `answer` is null when nothing came; `failure` when the status is 2xx. */
export function recordOf(
  job: ActiveJob,
  end: { answer: Answer | null; failure: Failure | null; timings: Timings | null; finalUrl: string | null },
  findings: Findings | null,
): CrawlRecord {
  const { request, loadedCrawl } = job;
  const { answer, failure } = end;
  const timings = answer?.timings ?? end.timings ?? NO_TIMINGS;
  return {
    id: job.id,
    crawl: job.crawl,
    url: request.url,
    finalUrl: answer?.finalUrl ?? end.finalUrl,
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
    timings: { queue: Math.round(job.queueMs), slot: Math.round(job.slotMs), ...timings },
    headers: answer?.headers ?? null,
    contentType: answer?.headers['content-type'] ?? null,
    charset: findings?.charset ?? null,
    bytes: answer?.body.byteLength ?? null,
    sha256: answer ? hash('sha256', answer.body, 'hex') : null,
    title: findings?.title ?? null,
    links: findings?.links ?? null,
    noindex: findings?.noindex ?? null,
    body: answer ? bodyOf(answer.body, findings?.text ?? null, loadedCrawl.settings.body) : null,
  };
}

/** Text where the content is textual; else, asked for text, the bytes in base64 would surprise: then null. */
function bodyOf(body: Uint8Array, text: string | null, form: 'text' | 'base64' | 'none'): string | null {
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
