// The browser of one process: started for the first page, started anew after many pages, when it takes too
// much memory, and when it has ended by itself.
import type { Browser } from 'playwright-core';
import type { Failure } from '../errors.ts';
import { createNames, type Names } from '../fetch/names/lookup.ts';
import { networkOf } from '../fetch/network/network.ts';
import type { NetworkSettings } from '../fetch/network/settings.ts';
import { type BrowserChoice, memoryOf, startBrowser } from './browser.ts';
import { ResourceCache } from './cache.ts';
import { makePage, type PageToRender, type RenderedPage } from './page.ts';
import { RenderProxy } from './proxy.ts';

/** What a browser keeps of pages that are gone ends with it. */
const MOST_PAGES = 200;
const LOOK_EVERY_MS = 2000;
const MB = 1024 * 1024;
/** A browser with more than this is replaced, and one with twice as much is ended at once. */
const memoryLimit = (places: number) => (400 + 250 * places) * MB;

export interface RendererParts {
  /** How many pages are made at a time. */
  readonly places: number;
  readonly choice: BrowserChoice;
  readonly dnsServers: readonly string[];
  readonly network: NetworkSettings;
  readonly note: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** A browser that runs. */
interface Running {
  readonly browser: Browser;
  /** Pages begun, and those that are being made. */
  pages: number;
  inHand: number;
  /** It gets no more pages, and ends when it has none. */
  isLeaving: boolean;
}

export class Renderer {
  readonly #parts: RendererParts;
  readonly #proxy: RenderProxy;
  readonly #names: Names;
  readonly #cache = new ResourceCache();
  readonly #all = new Set<Running>();
  #current: Promise<Running> | null = null;
  readonly #looking: NodeJS.Timeout;
  #isClosed = false;

  private constructor(parts: RendererParts, names: Names, proxy: RenderProxy) {
    this.#parts = parts;
    this.#names = names;
    this.#proxy = proxy;
    this.#looking = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  static async open(parts: RendererParts): Promise<Renderer> {
    const { dnsServers, network } = parts;
    const names = createNames({ servers: dnsServers, pins: network.resolve });
    const proxy = await RenderProxy.open({ names, network: networkOf(network) });
    return new Renderer(parts, names, proxy);
  }

  /** Throws E_RENDER_START when no browser can be started; every other failure is returned. */
  async make(page: PageToRender): Promise<RenderedPage | Failure> {
    const running = await this.#take();
    running.inHand++;
    try {
      const { browser } = running;
      return await makePage({ browser, proxy: this.#proxy, cache: this.#cache }, page);
    } finally {
      running.inHand--;
      if (running.pages >= MOST_PAGES) this.#leave(running, 'pages');
      this.#endIfIdle(running);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    await this.#current?.catch(() => undefined);
    await Promise.all([...this.#all].map(({ browser }) => browser.close().catch(() => undefined)));
    this.#proxy.close();
    this.#names.close();
  }

  async #take(): Promise<Running> {
    this.#current ??= this.#start();
    const running = await this.#current.catch((error) => {
      this.#current = null;
      throw error;
    });
    if (running.isLeaving) return this.#take();
    running.pages++;
    return running;
  }

  async #start(): Promise<Running> {
    const browser = await startBrowser(this.#parts.choice, this.#proxy);
    const running: Running = { browser, pages: 0, inHand: 0, isLeaving: false };
    this.#all.add(running);
    this.#parts.note('browser started', { version: browser.version() });
    const current = this.#current;
    browser.once('disconnected', () => {
      running.isLeaving = true;
      this.#all.delete(running);
      if (this.#current === current) this.#current = null;
      if (!this.#isClosed) this.#parts.note('browser ended', { pages: running.pages });
    });
    if (this.#isClosed) await browser.close();
    return running;
  }

  #leave(running: Running, why: string): void {
    if (running.isLeaving) return;
    running.isLeaving = true;
    this.#current = null;
    this.#parts.note('browser is replaced', { why, pages: running.pages });
  }

  #endIfIdle(running: Running): void {
    if (running.isLeaving && running.inHand === 0) void running.browser.close().catch(() => undefined);
  }

  async #look(): Promise<void> {
    const limit = memoryLimit(this.#parts.places);
    for (const running of this.#all) {
      if (running.inHand === 0 && !running.isLeaving && running.pages === 0) continue;
      const bytes = await memoryOf(running.browser);
      if (bytes === null || bytes <= limit) continue;
      this.#leave(running, `${Math.round(bytes / MB)} MB`);
      if (bytes > 2 * limit) await running.browser.close().catch(() => undefined);
      else this.#endIfIdle(running);
    }
  }
}
