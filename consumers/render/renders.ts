// The places of this process for pages in its browser. The browser, and all that drives it, is loaded for the
// first page.
import { availableParallelism } from 'node:os';
import { currentPath } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import { isInFiles } from '../../src/config/store-address.ts';
import type { LoadedCrawl } from '../../src/crawl/loaded-crawl.ts';
import { DroverError, type Failure } from '../../src/errors.ts';
import type { NetworkSettings } from '../../src/fetch/network/settings.ts';
import type { TroubleLog } from '../../src/fleet/trouble-log.ts';
import type { Fleet } from '../../src/fleet.ts';
import { hasBrowser } from '../../src/frontier/for-browser.ts';
import type { Log } from '../../src/log.ts';
import type { Outcome } from '../../src/outcome.ts';
import { writePicture } from '../../src/records/pictures.ts';
import type { RecordStores } from '../../src/records/stores.ts';
import type { PageToRender, RenderedPage } from '../../src/render/page.ts';
import type { Renderer } from '../../src/render/renderer.ts';

const MOST_BY_ITSELF = 4;
/** How often it is asked whether the fleet has a browser, while jobs wait for one. */
const ASK_MS = 10_000;
/** A job that waits for a browser looks again after this time, as any postponed job. */
const AGAIN_MS = 30_000;

interface RendersParts {
  settings: Pick<Settings, 'renderPages' | 'browser' | 'browserSandbox' | 'dnsServers'> & NetworkSettings;
  /** The crawl that is served, or '*': a consumer of all crawls has a browser only if it is told to. */
  serve: string;
  fleet: Fleet;
  log: Log;
  troubles: TroubleLog;
  stores: RecordStores;
}

export class Renders {
  readonly places: number;
  /** Called when a place is free. */
  onFree: () => void = () => undefined;
  readonly #parts: RendersParts;
  /** Jobs that have a place. */
  readonly #held = new Set<string>();
  #reserved = 0;
  #isWanted: boolean;
  #renderer: Promise<Renderer> | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: RendersParts) {
    const { settings, serve } = parts;
    this.#parts = parts;
    const usual = serve === '*' ? 0 : Math.min(MOST_BY_ITSELF, availableParallelism());
    this.places = settings.renderPages ?? usual;
    this.#isWanted = (settings.renderPages ?? 0) > 0;
  }

  /** Whether it takes jobs of the fleet that wait for a browser: if it was told to, or has met one. */
  get isServing(): boolean {
    return this.#isWanted && this.places > 0;
  }

  /** Takes a place for a job that is not known yet: `assign` or `giveBack` follows. */
  reserve(): boolean {
    if (this.#held.size + this.#reserved >= this.places) return false;
    this.#reserved++;
    return true;
  }

  giveBack(): void {
    this.#reserved--;
  }

  assign(jobId: string): void {
    this.#reserved--;
    this.#held.add(jobId);
  }

  /** A place for the job, which it may have already. False when there is none: it is left to others. */
  hold(jobId: string): boolean {
    this.#isWanted = true;
    if (this.#held.has(jobId)) return true;
    if (!this.reserve()) return false;
    this.assign(jobId);
    return true;
  }

  /** Idempotent. */
  release(jobId: string): void {
    if (this.#held.delete(jobId)) this.onFree();
  }

  /** The job waits, without a slot, until a consumer with a free place takes it. No attempt is used up. */
  leave(): Outcome {
    void this.#warn().catch(() => undefined);
    return { kind: 'postponed', untilMs: Date.now() + AGAIN_MS, waitsFor: 'browser' };
  }

  /** For a job that holds a place. Throws E_RENDER_NONE and E_RENDER_START; other failures are returned. */
  async make(page: PageToRender): Promise<RenderedPage | Failure> {
    return (await this.#open()).make(page);
  }

  /** Keeps the picture of a page; resolves with its path within the folder of the records. */
  async keep({ store, recordsFolder }: LoadedCrawl, id: string, png: Buffer): Promise<string | null> {
    if (!isInFiles(store)) return null;
    return writePicture(this.#parts.stores.at(store).whereIs(recordsFolder), id, png);
  }

  async close(): Promise<void> {
    await (await this.#renderer?.catch(() => null))?.close();
  }

  async #warn(): Promise<void> {
    const { fleet, troubles } = this.#parts;
    if (this.places > 0 || performance.now() - this.#askedAt < ASK_MS) return;
    this.#askedAt = performance.now();
    if (await hasBrowser(fleet)) return;
    const detail = 'Requests wait for a consumer with one: start drover consume --render 2 where there is.';
    troubles.note(new DroverError('E_RENDER_NONE', detail), 'no consumer has a browser');
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
    const { settings, log } = this.#parts;
    return Loaded.open({
      ...{ places: this.places, dnsServers: settings.dnsServers, network: settings },
      choice: {
        executablePath: await findBrowser(settings.browser, currentPath()),
        hasSandbox: settings.browserSandbox,
      },
      note: (event, fields) => log.info(fields, event),
    });
  }
}
