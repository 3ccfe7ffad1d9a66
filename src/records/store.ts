// Where records go: the interface that the pipeline stores through.
import type { CrawlRecord } from '../record.ts';

export interface Sink {
  /**
   * Resolves when the record is durable (fdatasync done); records that arrive together share one fdatasync. `take` is how many
   * times the request had been taken before (0 first): of several records of one id, the one of the highest take counts,
   * so that storing again after a crash is harmless. Waits while too much is unwritten, so callers must await it.
   * `shelf` names where the crawl's records lie (its id if not given): ids are the same in fleets of different prefix.
   * Rejects with a DroverError E_DISK_FULL or E_FILE, after which the sink can be used again.
   */
  store(record: CrawlRecord, take: number, shelf?: string): Promise<void>;
  /** Writes what is left and closes the files. A later store rejects. */
  close(): Promise<void>;
}
