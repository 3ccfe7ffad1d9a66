// Makes one page in a browser context of its own. The document itself was fetched before, like any other
// page, and is handed to the browser; what it asks for goes through drover's proxy.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Cookie, Page, Request, Response, Route } from 'playwright-core';
import { type Failure, failure } from '../errors.ts';
import type { SiteCookie } from '../fetch/cookies/site-cookie.ts';
import type { ProxySource } from '../fetch/proxy/source.ts';
import type { Rendered } from '../outcome.ts';
import { originOf } from '../url/host.ts';
import { isBlockedType, type Loadable } from './blocked.ts';
import { firstLine } from './browser.ts';
import { changedCookies, giveCookies, type SetCookies } from './browser-cookies.ts';
import { freshFor, type ResourceCache } from './cache.ts';
import type { RenderProxy } from './proxy.ts';
import { htmlOf, pictureOf, VIEWPORT } from './taken.ts';
import { Traffic, type TrafficRules } from './traffic.ts';

/** A page that was fetched, and how a browser is to make it. */
export interface PageToRender {
  /** Whose resources it may share. */
  readonly crawl: string;
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly userAgent: string;
  /** Those of the crawl and of the page's session, for requests to the origin of the page. */
  readonly ownHeaders: Readonly<Record<string, string>>;
  /** What the site of the page has set in its session; null with --cookies off. */
  readonly cookies: readonly SiteCookie[] | null;
  /** The proxies of its session; null: there are none. */
  readonly proxies: ProxySource | null;
  readonly rules: TrafficRules;
  readonly loads: readonly Loadable[];
  /** How long it may load, in milliseconds. */
  readonly timeoutMs: number;
  /** The largest document, in bytes. */
  readonly maxBytes: number;
  readonly wantsPicture: boolean;
  /** Aborted when nobody wants the page any more. */
  readonly signal: AbortSignal;
  /** Called with the page once it has loaded, before its document is taken; null for nobody. */
  readonly onPage: { call: (page: Page) => Promise<Failure | null>; timeoutMs: number } | null;
}

export interface RenderedPage {
  readonly html: string;
  /** PNG; null if none was wanted, or it would be too large. */
  readonly picture: Buffer | null;
  /** What it and its requests have set. */
  readonly setCookies: readonly SetCookies[];
  readonly told: Omit<Rendered, 'screenshot'>;
}

/** The network is quiet when nothing has begun or ended for so long. */
const QUIET_MS = 500;
const LOOK_MS = 50;
/** Beyond the time to load: for the document, the picture and the end of the context. */
const EXTRA_MS = 5000;

/** Headers that were of the answer's way here, and not of the document. */
const ofTransfer = new Set([
  ...['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'],
  // The jar has the cookies already, and the browser gets them from there.
  ...['content-disposition', 'alt-svc', 'refresh', 'link', 'set-cookie'],
]);

export interface PageParts {
  readonly browser: Browser;
  readonly proxy: RenderProxy;
  readonly cache: ResourceCache;
}

/** Never rejects. Takes at most the time that the page may load, and a few seconds. */
export async function makePage(parts: PageParts, wanted: PageToRender): Promise<RenderedPage | Failure> {
  const making = new Making(parts, wanted);
  const late = new AbortController();
  const hardMs = wanted.timeoutMs + EXTRA_MS + (wanted.onPage?.timeoutMs ?? 0);
  try {
    return await Promise.race([
      making.run(),
      making.crashed,
      sleep(hardMs, failure('E_RENDER_TIMEOUT', `After ${hardMs} ms.`), { signal: late.signal }),
      abortOf(wanted.signal),
    ]);
  } catch (error) {
    return failureOfBrowser(parts.browser, error);
  } finally {
    late.abort();
    await making.end();
  }
}

function abortOf(signal: AbortSignal): Promise<Failure> {
  return new Promise((resolve) => {
    const gone = () => resolve(failure('E_RENDER_FAILED', 'Nobody waits for it any more.'));
    if (signal.aborted) gone();
    else signal.addEventListener('abort', gone, { once: true });
  });
}

function failureOfBrowser(browser: Browser, error: unknown): Failure {
  if (!browser.isConnected()) return failure('E_RENDER_CRASHED', 'The browser has ended.');
  return failure('E_RENDER_FAILED', firstLine(String(error)));
}

class Making {
  readonly #parts: PageParts;
  readonly #wanted: PageToRender;
  readonly #traffic: Traffic;
  readonly #leave: () => void;
  readonly #login;
  readonly #crash = Promise.withResolvers<Failure>();
  /** Requests whose answers have not come. */
  readonly #open = new Set<Request>();
  #context: BrowserContext | null = null;
  #page: Page | null = null;
  #givenCookies: readonly Cookie[] = [];
  #isServed = false;
  #wentTo: string | null = null;
  #changedAt = 0;
  #isEnded = false;

  constructor(parts: PageParts, wanted: PageToRender) {
    this.#parts = parts;
    this.#wanted = wanted;
    this.#traffic = new Traffic(wanted.rules);
    const { url, proxies, ownHeaders: headers } = wanted;
    const { allow } = wanted.rules;
    const page = { traffic: this.#traffic, allow, proxies, home: originOf(url), headers };
    const { login, leave } = parts.proxy.admit(page);
    this.#login = login;
    this.#leave = leave;
  }

  get crashed(): Promise<Failure> {
    return this.#crash.promise;
  }

  async run(): Promise<RenderedPage | Failure> {
    const { url, timeoutMs, onPage, maxBytes } = this.#wanted;
    const began = performance.now();
    const deadline = began + timeoutMs;
    const page = await this.#openPage();
    await page.goto(url, { waitUntil: 'commit', timeout: timeoutMs });
    await this.#settle(page, deadline);
    if (onPage) {
      const failed = await onPage.call(page);
      if (failed) return failed;
      await this.#settle(page, performance.now() + 2 * QUIET_MS);
    }
    const late = [...this.#open].map((request) => request.url());
    const html = await htmlOf(page, maxBytes);
    const picture = this.#wanted.wantsPicture ? await pictureOf(page) : null;
    const setCookies = await this.#changedCookies();
    const told = {
      ms: Math.round(performance.now() - began),
      ...this.#traffic.told(late),
      wentTo: this.#wentTo,
    };
    if (html === null || Buffer.byteLength(html) > maxBytes)
      return failure('E_TOO_LARGE', `The document in the browser: limit ${maxBytes} bytes.`);
    return { html, picture, setCookies, told };
  }

  async #changedCookies(): Promise<SetCookies[]> {
    const { cookies, url } = this.#wanted;
    if (cookies === null || this.#context === null) return [];
    return changedCookies(this.#givenCookies, await this.#context.cookies(), url);
  }

  /** Ends all that the page has, within some seconds. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#leave();
    const closing = this.#context?.close().catch(() => undefined);
    await Promise.race([closing, sleep(EXTRA_MS, undefined, { ref: false })]);
  }

  async #openPage(): Promise<Page> {
    const { server, username, password } = this.#login;
    const context = await this.#parts.browser.newContext({
      ...{ userAgent: this.#wanted.userAgent, viewport: VIEWPORT },
      ...{ serviceWorkers: 'block', acceptDownloads: false },
      proxy: { server, bypass: '<-loopback>', username, password },
    });
    this.#context = context;
    if (this.#isEnded) await this.end();
    this.#givenCookies = await giveCookies(context, this.#wanted.cookies ?? []);
    context.on('request', (request) => this.#begun(request));
    context.on('requestfinished', (request) => this.#done(request));
    context.on('requestfailed', (request) => this.#done(request));
    context.on('response', (response) => void this.#keep(response));
    await context.route(
      () => true,
      (route) => this.#answer(route).catch(() => undefined),
    );
    const page = await context.newPage();
    this.#page = page;
    page.once('crash', () => this.#crash.resolve(failure('E_RENDER_CRASHED', 'Its tab has crashed.')));
    context.on('page', (other) => void other.close().catch(() => undefined));
    return page;
  }

  /** Waits until the page has loaded and the network is quiet, at the latest until `deadline`. */
  async #settle(page: Page, deadline: number): Promise<void> {
    const left = () => deadline - performance.now();
    await page.waitForLoadState('load', { timeout: Math.max(1, left()) }).catch(() => undefined);
    this.#changedAt = Math.max(this.#changedAt, performance.now() - QUIET_MS + LOOK_MS);
    while (left() > 0) {
      const quietMs = performance.now() - this.#changedAt;
      if (this.#open.size === 0 && quietMs >= QUIET_MS) return;
      await sleep(Math.max(1, Math.min(LOOK_MS, left())));
    }
  }

  async #answer(route: Route): Promise<void> {
    const request = route.request();
    const url = request.url();
    const isMain = request.isNavigationRequest() && request.frame() === this.#page?.mainFrame();
    if (isMain && !this.#isServed) return this.#serve(route);
    if (isMain || request.frame().page() !== this.#page) {
      // The page itself stays: where it wants to go is a request of the crawl.
      if (isMain) this.#wentTo ??= url;
      return route.abort('aborted');
    }
    if (isBlockedType(request.resourceType(), this.#wanted.loads)) return this.#block(route);
    const verdict = await this.#traffic.judge(url);
    if (verdict === 'blocked') return this.#block(route);
    if (verdict !== null || this.#traffic.countRequest(url) !== null) return route.abort('accessdenied');
    const kept = request.method() === 'GET' ? this.#parts.cache.find(this.#wanted.crawl, url) : null;
    if (kept === null) return route.continue();
    this.#traffic.cached++;
    return route.fulfill(kept);
  }

  #serve(route: Route): Promise<void> {
    this.#isServed = true;
    const { status, headers, body } = this.#wanted;
    const kept = Object.entries(headers).filter(([name]) => !ofTransfer.has(name));
    return route.fulfill({ status, headers: Object.fromEntries(kept), body });
  }

  #block(route: Route): Promise<void> {
    this.#traffic.blocked++;
    return route.abort('blockedbyclient');
  }

  #begun(request: Request): void {
    if (!/^https?:/.test(request.url())) return;
    if (request.redirectedFrom() !== null) this.#traffic.countRequest(request.url());
    this.#open.add(request);
    this.#changedAt = performance.now();
  }

  #done(request: Request): void {
    if (this.#open.delete(request)) this.#changedAt = performance.now();
  }

  /** Keeps what other pages of the crawl may use too. */
  async #keep(response: Response): Promise<void> {
    const request = response.request();
    if (!['script', 'stylesheet'].includes(request.resourceType()) || request.method() !== 'GET') return;
    if (request.redirectedFrom() !== null) return;
    const { cache } = this.#parts;
    const { crawl } = this.#wanted;
    const url = request.url();
    const [status, headers] = [response.status(), response.headers()];
    const freshMs = freshFor({ status, headers });
    if (freshMs === 0 || cache.find(crawl, url)) return;
    const body = await response.body().catch(() => null);
    if (body === null) return;
    const kept = Object.entries(headers).filter(([name]) => !ofTransfer.has(name));
    cache.keep(crawl, url, { status, headers: Object.fromEntries(kept), body }, freshMs);
  }
}
