// The places of this process for pages in its browser. The browser, and all that drives it, is loaded for the
// first page.
import { availableParallelism } from 'node:os';
import { currentPath } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import { DroverError, type Failure } from '../../src/errors.ts';
import type { ProxySource } from '../../src/fetch/proxy/source.ts';
import type { Log } from '../../src/log.ts';
import type { PageToRender, RenderedPage } from '../../src/render/page.ts';
import type { Renderer } from '../../src/render/renderer.ts';

const MOST_BY_ITSELF = 4;

export interface RendersParts {
  settings: Pick<Settings, 'renderPages' | 'browser' | 'dnsServers'>;
  /** The crawl that is served, or '*': a consumer of all crawls has a browser only if it is told to. */
  serve: string;
  proxies: ProxySource | null;
  log: Log;
}

export class Renders {
  readonly places: number;
  readonly #parts: RendersParts;
  readonly #waiting: (() => void)[] = [];
  #used = 0;
  #renderer: Promise<Renderer> | null = null;

  constructor(parts: RendersParts) {
    const { settings, serve } = parts;
    this.#parts = parts;
    const usual = serve === '*' ? 0 : Math.min(MOST_BY_ITSELF, availableParallelism());
    this.places = settings.renderPages ?? usual;
  }

  get hasFree(): boolean {
    return this.#used < this.places;
  }

  /** Waits for a place. Throws E_RENDER_NONE and E_RENDER_START; every other failure is returned. */
  async make(page: PageToRender): Promise<RenderedPage | Failure> {
    if (this.places === 0) throw new DroverError('E_RENDER_NONE', 'This consumer has --render-pages 0.');
    if (this.#used >= this.places) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#used++;
    try {
      return await (await this.#open()).make(page);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#used--;
    }
  }

  async close(): Promise<void> {
    await (await this.#renderer?.catch(() => null))?.close();
  }

  #open(): Promise<Renderer> {
    this.#renderer ??= this.#load().catch((error) => {
      this.#renderer = null;
      throw error;
    });
    return this.#renderer;
  }

  async #load(): Promise<Renderer> {
    const [{ findBrowser }, { Renderer: Loaded }] = await Promise.all([
      import('../../src/render/browser.ts'),
      import('../../src/render/renderer.ts'),
    ]);
    const { settings, proxies, log } = this.#parts;
    return Loaded.open({
      ...{ places: this.places, dnsServers: settings.dnsServers, proxies },
      executablePath: await findBrowser(settings.browser, currentPath()),
      note: (event, fields) => log.info(fields, event),
    });
  }
}
