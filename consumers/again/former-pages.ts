// Looks up the record that a request had in the former run of its crawl. That is done before a slot is asked
// for, and within a time: whatever happens to the store, the page is fetched.
import { storeOf } from '../../src/crawl/crawl.ts';
import type { FormerRun } from '../../src/crawl/former-run.ts';
import type { LoadedCrawl, LoadedCrawls } from '../../src/crawl/loaded-crawl.ts';
import type { TroubleLog } from '../../src/fleet/trouble-log.ts';
import { chooseHandler, type HandlerChoice } from '../../src/handlers/choose.ts';
import type { Log } from '../../src/log.ts';
import type { CrawlRecord } from '../../src/record.ts';
import type { RecordStores } from '../../src/records/stores.ts';
import type { Request } from '../../src/request.ts';
import type { AlikePages } from '../follow/alike-pages.ts';
import { type FormerPage, formerPageOf, type RunFacts } from './former-page.ts';

/** No request waits longer for its record. */
const PATIENCE_MS = 2000;
/** A store that has failed is not asked for so long. */
const REST_MS = 10_000;

interface Parts {
  stores: Pick<RecordStores, 'at'>;
  loadedCrawls: Pick<LoadedCrawls, 'get'>;
  handlers: HandlerChoice | null;
  alikePages: Pick<AlikePages, 'isLookedAt'>;
  troubles: Pick<TroubleLog, 'note'>;
  log: Pick<Log, 'warn'>;
  patienceMs?: number;
}

/** How a store has answered lately. */
interface StoreHealth {
  /** Look-ups that go on though nobody waits for them any more. */
  late: number;
  /** By performance.now(). */
  restsUntil: number;
}

export class FormerPages {
  readonly #parts: Parts;
  readonly #facts = new WeakMap<LoadedCrawl, Promise<RunFacts>>();
  readonly #health = new Map<string, StoreHealth>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The page as the former run has recorded it. Null if it has not, or if its store does not answer in time;
   * null at once for a crawl that was not begun again.
   */
  find(loadedCrawl: LoadedCrawl, id: string, request: Request): Promise<FormerPage | null> | null {
    const { extras } = request;
    const { former } = loadedCrawl;
    if (former === null || extras?.checkOnly || extras?.sitemap) return null;
    return this.#find(loadedCrawl, former, id, request);
  }

  async #find(
    loadedCrawl: LoadedCrawl,
    former: FormerRun,
    id: string,
    request: Request,
  ): Promise<FormerPage | null> {
    const [facts, record] = await Promise.all([this.#factsOf(loadedCrawl, former), this.#look(former, id)]);
    if (record === null) return null;
    return formerPageOf(record, request, facts, this.#isRead(record, request, loadedCrawl));
  }

  async #look(former: FormerRun, id: string): Promise<CrawlRecord | null> {
    const address = storeOf(former.store);
    const health = this.#healthOf(address);
    if (health.late > 0 || performance.now() < health.restsUntil) return null;
    const looking = this.#ask(address, former.folder, id, health);
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.#noteLate(former.crawl, looking, health);
        resolve(null);
      }, this.#parts.patienceMs ?? PATIENCE_MS);
      looking.then((record) => {
        clearTimeout(late);
        resolve(record);
      });
    });
  }

  /** Null too when the store has failed; then it is left alone for a while. */
  async #ask(address: string, folder: string, id: string, health: StoreHealth): Promise<CrawlRecord | null> {
    try {
      const found = await this.#parts.stores.at(address).find(folder, id, { hasEnded: true });
      return found?.record ?? null;
    } catch (error) {
      this.#parts.troubles.note(error, 'former records: pages are fetched in full meanwhile');
      health.restsUntil = performance.now() + REST_MS;
      return null;
    }
  }

  /** Until it has answered, no other request waits for this store. */
  #noteLate(crawl: string, looking: Promise<unknown>, health: StoreHealth): void {
    if (health.late === 0)
      this.#parts.log.warn({ crawl }, 'former records are slow: pages are fetched in full meanwhile');
    health.late++;
    looking.finally(() => health.late--);
  }

  #healthOf(address: string): StoreHealth {
    let health = this.#health.get(address);
    if (!health) {
      health = { late: 0, restsUntil: 0 };
      this.#health.set(address, health);
    }
    return health;
  }

  #factsOf(loadedCrawl: LoadedCrawl, former: FormerRun): Promise<RunFacts> {
    const known = this.#facts.get(loadedCrawl);
    if (known) return known;
    const facts = this.#readFacts(loadedCrawl, former);
    this.#facts.set(loadedCrawl, facts);
    facts.catch(() => this.#facts.delete(loadedCrawl));
    return facts;
  }

  /** The former run may be forgotten already: then its records alone are left. */
  async #readFacts({ settings, urlRules }: LoadedCrawl, former: FormerRun): Promise<RunFacts> {
    const run = await this.#parts.loadedCrawls.get(former.crawl);
    return {
      ...{ former, settings },
      sameLinks: run === null || JSON.stringify(run.urlRules) === JSON.stringify(urlRules),
      hasArchive: settings.warc === null || (run !== null && run.settings.warc !== null),
    };
  }

  #isRead(record: CrawlRecord, request: Request, { settings }: LoadedCrawl): boolean {
    const { handlers, alikePages } = this.#parts;
    const { requisites, maxAlike } = settings;
    if (requisites && record.charset !== null) return true;
    if (alikePages.isLookedAt({ chain: request.chain ?? null, maxAlike })) return true;
    return handlers !== null && chooseHandler(handlers, request, record.headers?.['content-type']) !== null;
  }
}
