// Writes the exchanges of one crawl into WARC files, with group commit: those that arrive while others are
// written are written together by the next.
import { setImmediate } from 'node:timers/promises';
import type { Exchange } from '../fetch/exchange.ts';
import { diskError } from '../records/disk.ts';
import { indexedAnswer } from './cdxj.ts';
import { type ExchangeNotes, exchangeRecords } from './exchange-records.ts';
import type { ArchivedCrawl, OpenWarc, WarcPlace } from './open-warc.ts';
import { warcDate } from './record.ts';
import { SeenPayloads } from './seen-payloads.ts';

export interface WarcOptions extends ArchivedCrawl {
  /** The absolute path of a directory, or the address of a bucket. */
  place: string;
  /** After a file has grown to this size, the next one is begun. */
  maxFileBytes: number;
}

/** One batch takes no more exchanges when their bodies have so many bytes together. */
const MOST_BATCH_BYTES = 16 * 1024 * 1024;

interface Waiting {
  exchange: Exchange;
  notes: ExchangeNotes;
  done: PromiseWithResolvers<void>;
}

export class WarcWriter {
  readonly #options: WarcOptions;
  readonly #place: WarcPlace;
  readonly #seen = new SeenPayloads();
  #file: OpenWarc | null = null;
  #waiting: Waiting[] = [];
  #working: Promise<void> | null = null;
  /** When something was last written, by performance.now(). */
  lastAt = performance.now();

  constructor(options: WarcOptions, place: WarcPlace) {
    this.#options = options;
    this.#place = place;
  }

  /** Whether it has nothing in hand. */
  get isIdle(): boolean {
    return this.#working === null;
  }

  /**
   * Resolves when the records of the exchange are durable. Rejects with E_DISK_FULL, E_FILE or an error of
   * layer store; then they are not in the archive, and the writer can be used again.
   */
  write(exchange: Exchange, notes: ExchangeNotes): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ exchange, notes, done });
    this.#working ??= this.#writeAll();
    return done.promise;
  }

  /** Completes the present file. Throws E_DISK_FULL or E_FILE when its index cannot be written. */
  async finish(): Promise<void> {
    while (this.#working) await this.#working;
    const file = this.#file;
    this.#file = null;
    await file?.finish();
  }

  async #writeAll(): Promise<void> {
    await setImmediate(); // so that the first exchange of a burst is not written alone
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchSize(this.#waiting));
      try {
        await this.#writeBatch(batch);
        for (const { done } of batch) done.resolve();
      } catch (error) {
        for (const { done } of batch) done.reject(diskError(error, this.#place.name));
      }
      this.lastAt = performance.now();
    }
    this.#working = null;
  }

  /** A batch stays in one file, which may so become longer than the limit. */
  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const file = await this.#fileFor();
    const added: string[] = [];
    try {
      for (const { exchange, notes } of batch) {
        const digest = await this.#append(file, exchange, notes);
        if (digest !== null) added.push(digest);
      }
      await file.sync();
    } catch (error) {
      // The file has been cut back to what was there before.
      file.forget();
      for (const digest of added) this.#seen.delete(digest);
      throw error;
    }
  }

  async #fileFor(): Promise<OpenWarc> {
    if (this.#file && (this.#file.broken || this.#file.isFull)) {
      const full = this.#file;
      this.#file = null;
      await full.finish();
    }
    this.#file ??= await this.#place.begin(this.#options, this.#options.maxFileBytes);
    return this.#file;
  }

  /** Returns the digest of a payload that was not in the archive before, or null. */
  async #append(file: OpenWarc, exchange: Exchange, notes: ExchangeNotes): Promise<string | null> {
    const seen = (digest: string) => this.#seen.get(digest);
    const { records, answer, payloadDigest } = await exchangeRecords(exchange, notes, file.warcinfo, seen);
    for (const record of records) {
      const place = await file.append(record);
      const entry = record === answer && indexedAnswer(exchange, record, warcDate(record.at));
      if (entry) file.note({ ...entry, ...place });
    }
    if (payloadDigest === null || exchange.truncated || answer.type !== 'response') return null;
    const { url } = exchange;
    this.#seen.add(payloadDigest, { url, at: answer.at, recordId: answer.id, payloadDigest });
    return payloadDigest;
  }
}

function batchSize(waiting: readonly Waiting[]): number {
  let bytes = 0;
  const over = waiting.findIndex(({ exchange }) => {
    bytes += exchange.bodyBytes;
    return bytes > MOST_BATCH_BYTES;
  });
  return over < 0 ? waiting.length : Math.max(over, 1);
}
