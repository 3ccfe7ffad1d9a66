// The part of the step fetch that a browser does: the page was fetched under all rules of the crawl, and a
// browser makes its document. The slot of its host is held until then, so that a host that allows few fetches
// at a time has few pages in browsers too.
import { allowListOf } from '../../src/crawl/loaded-crawl.ts';
import { isNoSniff, mediaTypeOf } from '../../src/fetch/body/media-type.ts';
import { decodeText } from '../../src/fetch/body/text.ts';
import { isServed } from '../../src/fetch/named-time.ts';
import { standInOf } from '../../src/fetch/stand-ins.ts';
import { chooseHandler } from '../../src/handlers/choose.ts';
import { onPageLimit, runOnPage } from '../../src/handlers/on-page.ts';
import { hasXhtmlRoot } from '../../src/markup/xml-tags.ts';
import type { Answer, Outcome } from '../../src/outcome.ts';
import { linesOfHtml } from '../../src/page/main-text.ts';
import type { PageToRender } from '../../src/render/page.ts';
import { originOf } from '../../src/url/host.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { type Fetched, lossOf } from '../fetch/fetch-request.ts';
import { handledRequest, logOf } from '../handlers/call-handler.ts';
import { sessionIdOf } from '../session/note-session.ts';
import { type SessionParts, sessionParts } from '../session/session-parts.ts';
import { robotsOfPage } from './page-robots.ts';
import { renderWish } from './wants.ts';

/** A page with less text than this, without blanks, is one that has no text: "Loading …". */
const LITTLE_TEXT = 50;

/**
 * The fetched page as a browser makes it; as it is when it is no page in HTML. Throws E_RENDER_NONE and
 * E_RENDER_START: the request waits.
 */
export async function render(
  context: ConsumerContext,
  job: ActiveJob,
  fetched: Fetched,
): Promise<Fetched | Outcome> {
  const { result } = fetched;
  if (!result.ok || !isPage(result.answer)) return fetched;
  const { answer } = result;
  if (renderWish(job) === 'empty') {
    if (!isEmpty(answer)) return fetched;
    if (!context.renders.hold(job.jobId)) {
      await job.remember({ render: true });
      job.slot.pass();
      return context.renders.leave();
    }
  }
  // It may take so long that its session is another's when it has ended.
  const session = sessionParts(context, { ...job, isSlow: true });
  const made = await context.renders.make(await wantedOf(context, job, answer, session));

  if (job.abort.signal.aborted) return { kind: 'lost', failure: lossOf(job) };
  if ('code' in made) {
    const { timings, finalUrl, redirected = [] } = answer;
    return { ...fetched, result: { ok: false, failure: made, timings, finalUrl, redirected } };
  }
  const { picture, told, setCookies } = made;
  for (const { url, lines } of setCookies) await session.cookies?.receive(url, lines);
  const screenshot = picture && (await context.renders.keep(job.loadedCrawl, job.id, picture));
  const body = bodyOf(context, answer, made.html);
  return { ...fetched, result: { ok: true, answer: { ...answer, body, rendered: { ...told, screenshot } } } };
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

async function wantedOf(
  context: ConsumerContext,
  job: ActiveJob,
  answer: Answer,
  { cookies, headers, proxies }: SessionParts,
): Promise<PageToRender> {
  const { loadedCrawl, abort, request } = job;
  // What the user says to an origin is not for where it leads to.
  const isHome = originOf(request.url) === originOf(answer.finalUrl);
  const ownHeaders = isHome ? { ...headers, ...request.extras?.headers } : {};
  const { settings } = loadedCrawl;
  const allow = allowListOf(loadedCrawl);
  const loads = settings.renderLoad;
  return {
    // What one session has loaded is not for another.
    crawl: `${loadedCrawl.recordsFolder} ${sessionIdOf(job) ?? ''}`,
    ...{ ownHeaders, proxies, cookies: cookies && (await cookies.ofSite(answer.finalUrl)) },
    ...{ url: answer.finalUrl, status: answer.status },
    ...{ headers: answer.headers, body: Buffer.from(answer.body), userAgent: loadedCrawl.userAgent },
    ...{ loads, timeoutMs: settings.timeoutRender, maxBytes: settings.maxBytes },
    rules: {
      ...{ allow, loads, maxBytes: settings.renderBytes },
      mayAsk: robotsOfPage(context, job),
      knowHost: (url) => context.loadedCrawls.knowSeedHost(loadedCrawl, url),
    },
    ...{ wantsPicture: settings.screenshot, signal: abort.signal },
    onPage: onPageOf(context, job, answer),
  };
}

function bodyOf({ handlerThreads }: ConsumerContext, answer: Answer, html: string): Buffer {
  const plain = Buffer.from(html);
  // The document is UTF-8 now. Where the headers or the page say something else, the mark at its beginning
  // wins over both.
  const isRead = decodeText(plain, typeOf({ ...answer, body: plain })).text === html;
  const body = isRead ? plain : Buffer.concat([Buffer.from('\ufeff'), plain]);
  return handlerThreads === null ? body : inSharedMemory(body);
}

/** The hook of the handler that takes the page. */
function onPageOf(context: ConsumerContext, job: ActiveJob, answer: Answer): PageToRender['onPage'] {
  if (context.handlers === null) return null;
  const handler = chooseHandler(context.handlers, job.request, answer.headers['content-type']);
  if (!handler?.onPage) return null;
  const given = { handler, request: handledRequest(job), log: logOf(context, job, handler) };
  return {
    call: (page) => runOnPage({ ...given, signal: job.abort.signal, watch: context.handlerWatch }, page),
    timeoutMs: onPageLimit(handler),
  };
}

/** Threads of handlers read a body without a copy of it. */
function inSharedMemory(body: Buffer): Buffer {
  const shared = Buffer.from(new SharedArrayBuffer(body.length));
  shared.set(body);
  return shared;
}
