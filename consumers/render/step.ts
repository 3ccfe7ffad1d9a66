// The part of the step fetch that a browser does: the page was fetched under all rules of the crawl, and a
// browser makes its document. The slot of its host is held until then, so that a host that allows few fetches
// at a time has few pages in browsers too.
import { allowListOf } from '../../src/crawl/loaded-crawl.ts';
import { isNoSniff, mediaTypeOf } from '../../src/fetch/body/media-type.ts';
import { decodeText } from '../../src/fetch/body/text.ts';
import { isServed } from '../../src/fetch/named-time.ts';
import { standInOf } from '../../src/fetch/stand-ins.ts';
import { hasXhtmlRoot } from '../../src/markup/xml-tags.ts';
import type { Answer } from '../../src/outcome.ts';
import { linesOfHtml } from '../../src/page/main-text.ts';
import type { PageToRender, RenderedPage } from '../../src/render/page.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import type { Fetched } from '../fetch/fetch-request.ts';
import { robotsOfPage } from './page-robots.ts';
import { renderWish } from './wants.ts';

/** A page with less text than this, without blanks, is one that has no text: "Loading …". */
const LITTLE_TEXT = 50;

/**
 * The fetched page as a browser makes it; as it is when it is no page in HTML. Throws E_RENDER_NONE and
 * E_RENDER_START: the request waits.
 */
export async function render(context: ConsumerContext, job: ActiveJob, fetched: Fetched): Promise<Fetched> {
  const { result } = fetched;
  if (!result.ok || !isPage(result.answer)) return fetched;
  const { answer } = result;
  if (renderWish(job) === 'empty' && !isEmpty(answer)) return fetched;
  const made = await context.renders.make(wantedOf(context, job, answer));
  if ('code' in made) {
    const { timings, finalUrl, redirected = [] } = answer;
    return { ...fetched, result: { ok: false, failure: made, timings, finalUrl, redirected } };
  }
  return { ...fetched, result: { ok: true, answer: answerOf(context, answer, made) } };
}

function isPage(answer: Answer): boolean {
  if (!isServed(answer) || answer.notModified || standInOf(answer) !== null) return false;
  const { kind, essence } = typeOf(answer);
  if (kind === 'html' || essence === 'application/xhtml+xml') return answer.body.byteLength > 0;
  return kind === 'xml' && hasXhtmlRoot(decodeText(answer.body, typeOf(answer)).text);
}

function typeOf({ headers, body }: Answer) {
  return mediaTypeOf(headers['content-type'], body, isNoSniff(headers['x-content-type-options']));
}

function isEmpty(answer: Answer): boolean {
  const { lines } = linesOfHtml(decodeText(answer.body, typeOf(answer)).text);
  return lines.join('').replace(/\s/g, '').length < LITTLE_TEXT;
}

function wantedOf(context: ConsumerContext, job: ActiveJob, answer: Answer): PageToRender {
  const { loadedCrawl, abort } = job;
  const { settings } = loadedCrawl;
  const allow = allowListOf(loadedCrawl);
  const loads = settings.renderLoad;
  return {
    ...{ crawl: loadedCrawl.recordsFolder, url: answer.finalUrl, status: answer.status },
    ...{ headers: answer.headers, body: Buffer.from(answer.body), userAgent: loadedCrawl.userAgent },
    ...{ loads, timeoutMs: settings.timeoutRender, maxBytes: settings.maxBytes },
    rules: {
      ...{ allow, loads, maxBytes: settings.renderBytes },
      mayAsk: robotsOfPage(context, job),
      knowHost: (url) => context.loadedCrawls.knowSeedHost(loadedCrawl, url),
    },
    ...{ wantsPicture: false, signal: abort.signal, onPage: null },
  };
}

function answerOf(context: ConsumerContext, answer: Answer, { html, told }: RenderedPage): Answer {
  const plain = Buffer.from(html);
  // The document is UTF-8 now. Where the headers or the page say something else, the mark at its beginning
  // wins over both.
  const isRead = decodeText(plain, typeOf({ ...answer, body: plain })).text === html;
  const body = isRead ? plain : Buffer.concat([Buffer.from('\ufeff'), plain]);
  const shared = context.handlerThreads === null ? body : inSharedMemory(body);
  return { ...answer, body: shared, rendered: { ...told, screenshot: null } };
}

/** Threads of handlers read a body without a copy of it. */
function inSharedMemory(body: Buffer): Buffer {
  const shared = Buffer.from(new SharedArrayBuffer(body.length));
  shared.set(body);
  return shared;
}
