// The store of records: the one interface with which records are written and read, wherever they are kept.
import type { DroverError } from '../errors.ts';
import type { CrawlRecord } from '../record.ts';
import type { RecordFilter } from './filter.ts';

export interface RecordWriter {
  /** What a crawl counts its records under, as src/crawl/kept-records.ts reads it. It holds no secret. */
  readonly place: string;
  /**
   * Stores a record. Resolves when it is durable; records that arrive together are made durable together.
   * `claim` is the request's claim: how many times it had been claimed before, 0 at first. Of several records
   * of one id, the one with the highest claim counts, so that storing again after a crash is harmless. Waits
   * while too much is unwritten, so callers must await it. `recordsFolder` names the crawl's records. By
   * default it is the crawl's id, but fleets of different namespaces may have crawls with the same id.
   * Rejects with an error of layer disk or store; the store can be used again after that.
   */
  write(record: CrawlRecord, claim: number, recordsFolder?: string): Promise<void>;
  /** Writes the records that are still unwritten and lets go of files and connections. Idempotent. */
  close(): Promise<void>;
}

export interface RecordReader extends Pick<RecordWriter, 'place'> {
  /** The store in a sentence: "10 records are not in NAME." It holds no secret. */
  readonly name: string;
  /** Where the records of a crawl are, for whoever looks for them: a folder, or a store without folders. */
  whereIs(recordsFolder: string): string;
  /**
   * The records of a crawl as NDJSON, each request once, with the record of its highest claim. Records that
   * are written during the reading may be left out. Memory does not grow with the crawl, but for about 20
   * bytes a request in a store of files. Throws errors of layer disk or store.
   */
  read(recordsFolder: string, options?: ReadOptions): AsyncIterable<RecordPiece>;
  /**
   * Up to `limit` records, or fewer if they are large, and `next`, the cursor after them. `next` is null if
   * there are no more records now. Each request comes once, with the record of its highest claim. If a
   * request gets a new record after the reader has passed it, the request comes again. New records come at
   * the end. With a filter, a page may end before anything matched. A cursor is valid in every process and as
   * long as the crawl's records exist. Throws E_FIELD for an invalid cursor, and errors of layer disk or
   * store.
   */
  page(
    recordsFolder: string,
    cursor: string | null,
    limit: number,
    filter?: RecordFilter,
  ): Promise<RecordPage>;
  /**
   * The record of a request with the highest claim; null if there is none. `hasEnded`: nobody writes records
   * of this crawl any more, so a store may keep what it knows of them, and a find is cheap enough to be made
   * for each request of another crawl. Throws as `read`.
   */
  find(recordsFolder: string, id: string, options?: { hasEnded?: boolean }): Promise<PlacedRecord | null>;
  /**
   * The record of a page whose `links` have exactly this link. Prefers a record without an error; null if
   * there is none among those that are searched, which is a bounded part of the records. Throws as `read`.
   */
  findLinking(recordsFolder: string, link: string): Promise<CrawlRecord | null>;
}

export interface RecordStore extends RecordWriter, RecordReader {
  /**
   * Makes sure that records can be written: the store can be reached, and what they need is there.
   * Idempotent. Throws errors of layer disk or store.
   */
  prepare(): Promise<void>;
  /** Deletes all records of a crawl. Idempotent. Throws errors of layer disk or store. */
  remove(recordsFolder: string): Promise<void>;
  /** How many bytes the records of a crawl take, about. Throws errors of layer disk or store. */
  size(recordsFolder: string): Promise<number>;
  /**
   * Sets `body` to null in all records of a crawl that has ended; all else of them stays. Those who read
   * meanwhile get each record once, with or without its body. When it is cut off, a further call goes on.
   * Resolves with false when a part is left because it may still be written: another call later takes it.
   * Throws errors of layer disk or store.
   */
  dropBodies(recordsFolder: string): Promise<boolean>;
}

/** What a process hears of a store that others share. */
export interface StoreListener {
  /** A record has to wait, or was kept in another form: why. */
  onTrouble(failure: DroverError): void;
  /** Records have been written. */
  onWritten(): void;
}

export interface ReadOptions {
  /** Only the records that match. Default: all. */
  filter?: RecordFilter;
  /**
   * Called before the first record, with the number of requests that have a record here, whether or not it
   * matches. What it throws, the reader throws.
   */
  onFound?: (requests: number) => void;
}

/** Some records as NDJSON, each with its newline. Valid until the next piece is asked for. */
export interface RecordPiece {
  bytes: Buffer;
  lines: number;
}

export interface RecordPage {
  records: CrawlRecord[];
  next: string | null;
  /** The number of requests that have a record here; null if that is not known. */
  found: number | null;
}

/** A record and where it is kept: a file and the byte at which its line begins, or a store without bytes. */
export interface PlacedRecord {
  file: string;
  offset: number | null;
  record: CrawlRecord;
}

const newline = 0x0a;

/** The JSON of each record, without its newline. */
export async function* recordLines(pieces: AsyncIterable<RecordPiece>): AsyncGenerator<string> {
  for await (const { bytes } of pieces) {
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(newline, start);
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
  }
}
