// Finds records of crawls that have ended, one with each request of the run that follows. Those that are
// asked for while a statement runs are found by the next one.
import type { CrawlRecord } from '../../record.ts';
import { KeptWhileUsed } from '../read/kept-while-used.ts';
import { type Crawl, findCrawlOf, type ReaderParts, selectedFrom, withBodies } from './reader.ts';

const MOST_AT_ONCE = 50;

interface Asked {
  id: string;
  found: PromiseWithResolvers<CrawlRecord | null>;
}

export class RecordFinder {
  readonly #parts: ReaderParts;
  readonly #folders = new KeptWhileUsed<EndedCrawl>();

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Null if there is none. Throws errors of layer store. */
  find(recordsFolder: string, id: string): Promise<CrawlRecord | null> {
    return this.#folders.use(
      recordsFolder,
      () => new EndedCrawl(this.#parts, recordsFolder),
      (crawl) => crawl.find(id),
    );
  }
}

class EndedCrawl {
  readonly #parts: ReaderParts;
  readonly #recordsFolder: string;
  #crawl: Crawl | null | undefined;
  #asked: Asked[] = [];
  #isRunning = false;

  constructor(parts: ReaderParts, recordsFolder: string) {
    this.#parts = parts;
    this.#recordsFolder = recordsFolder;
  }

  find(id: string): Promise<CrawlRecord | null> {
    const found = Promise.withResolvers<CrawlRecord | null>();
    this.#asked.push({ id, found });
    if (!this.#isRunning) {
      this.#isRunning = true;
      setImmediate(() => this.#run());
    }
    return found.promise;
  }

  async #run(): Promise<void> {
    while (this.#asked.length > 0) {
      const batch = this.#asked.splice(0, MOST_AT_ONCE);
      try {
        const records = await this.#findAll(batch.map(({ id }) => id));
        for (const { id, found } of batch) found.resolve(records.get(id) ?? null);
      } catch (error) {
        for (const { found } of batch) found.reject(error);
      }
    }
    this.#isRunning = false;
  }

  #findAll(ids: readonly string[]): Promise<Map<string, CrawlRecord>> {
    const { database, schema } = this.#parts;
    return database.withConnection(async (query) => {
      const records = new Map<string, CrawlRecord>();
      if (this.#crawl === undefined) this.#crawl = await findCrawlOf(query, schema, this.#recordsFolder);
      const crawl = this.#crawl;
      if (crawl === null) return records;
      const rows = await query({
        name: 'drover-former',
        text: `select ${selectedFrom(schema)} where r.crawl_key = $1 and r.id = any($2)`,
        values: [crawl.key, ids],
      });
      for await (const lines of withBodies(query, schema, crawl, rows))
        for (const { row, line } of lines) records.set(String(row.id), JSON.parse(line) as CrawlRecord);
      return records;
    });
  }
}
