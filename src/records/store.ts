// Where records go: the interface that the pipeline stores through.
import type { CrawlRecord } from '../record.ts';

export interface RecordStore {
  /**
   * Resolves when the record is durable (fdatasync done); records that arrive together share one fdatasync. `claim` is how many
   * times the request had been taken before (0 first): of several records of one id, the one of the highest claim counts,
   * so that storing again after a crash is harmless. Waits while too much is unwritten, so callers must await it.
   * `recordsFolder` names where the crawl's records lie (its id if not given): ids are the same in fleets of different namespace.
   * Rejects with a DroverError E_DISK_FULL or E_FILE, after which the store can be used again.
   */
  write(record: CrawlRecord, claim: number, recordsFolder?: string): Promise<void>;
  /** Writes what is left and closes the files. A later store rejects. */
  close(): Promise<void>;
}
