// The store of records: the interface with which the pipeline stores them.
import type { CrawlRecord } from '../record.ts';

export interface RecordStore {
  /**
   * Stores a record. Resolves when it is durable (after fdatasync); records that arrive together share one
   * fdatasync. `claim` is the request's claim: how many times it had been claimed before, 0 at first. Of
   * several records of one id, the one with the highest claim counts, so that storing again after a crash is
   * harmless. Waits while too much is unwritten, so callers must await it. `recordsFolder` is the name of the
   * folder for the crawl's records. By default it is the crawl's id, but fleets of different namespaces may
   * have crawls with the same id. Rejects with E_DISK_FULL or E_FILE; the store can be used again after that.
   */
  write(record: CrawlRecord, claim: number, recordsFolder?: string): Promise<void>;
  /** Writes the records that are still unwritten and closes the files. Later writes are rejected. */
  close(): Promise<void>;
}
