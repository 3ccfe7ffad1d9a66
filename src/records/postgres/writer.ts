// Writes records to PostgreSQL with group commit: what arrives while one batch is written goes with the next.
// A database that is slow or away holds its callers back, and nothing is given up.
import { setTimeout as sleep } from 'node:timers/promises';
import { DroverError } from '../../errors.ts';
import type { CrawlRecord } from '../../record.ts';
import type { RecordWriter } from '../store.ts';
import type { Database } from './connect.ts';
import { isFaultOfValues, storeFailure } from './failures.ts';
import { bareRowOf, type OutgoingRow, rowOf } from './rows.ts';
import { writeStatement } from './statements.ts';

/** Limits of one batch. */
const MOST_ROWS = 128;
const MOST_BYTES = 4 * 1024 * 1024;
/** How long a batch is gathered that is not large yet: each costs a transaction and its fsync. */
const GATHER_MS = 10;
/** A second connection helps when as many wait; with fewer it would make small batches. */
const MANY = 64;
const MOST_LANES = 2;
/** More than this waits in the callers. */
const MOST_UNWRITTEN = 64 * 1024 * 1024;
/** Waits between two tries while the database cannot be used. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3000;

interface Pending {
  record: CrawlRecord;
  recordsFolder: string;
  row: OutgoingRow;
  size: number;
  done: PromiseWithResolvers<void>;
}

export interface WriterParts {
  database: Database;
  schema: string;
  /** The address without a password. */
  name: string;
  /** Makes the tables, once; anew after `forget`. */
  prepare: { (): Promise<void>; forget(): void };
  /** Called with each failure that is waited for or worked around, and when a batch has been written. */
  onTrouble(failure: DroverError): void;
  onWritten(): void;
}

/** Writes and closes as a RecordWriter. */
export type BatchWriter = Pick<RecordWriter, 'write' | 'close'>;

export function openWriter(parts: WriterParts): BatchWriter {
  return new PostgresWriter(parts);
}

class PostgresWriter implements BatchWriter {
  readonly #parts: WriterParts;
  readonly #waiting: Pending[] = [];
  readonly #lanes = new Set<Promise<void>>();
  /** Keys of crawls by records folder. */
  readonly #keys = new Map<string, number>();
  #unwritten = 0;
  #room: PromiseWithResolvers<void> | null = null;
  #closed = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  async write(record: CrawlRecord, claim: number, recordsFolder = record.crawl): Promise<void> {
    while (this.#unwritten > MOST_UNWRITTEN) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
    const row = await rowOf(record, claim);
    if (this.#closed) throw new DroverError('E_STORE_DOWN', 'The store is closed.');
    const size = row.json.length + (row.body?.length ?? 0) + (row.exact?.length ?? 0);
    const pending = { record, recordsFolder, row, size, done: Promise.withResolvers<void>() };
    this.#waiting.push(pending);
    this.#unwritten += size;
    if (this.#lanes.size === 0 || (this.#waiting.length >= MANY && this.#lanes.size < MOST_LANES))
      this.#startLane();
    return pending.done.promise;
  }

  /** Writes what waits, unless the database is away. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#lanes.size > 0) await Promise.all(this.#lanes);
  }

  #startLane(): void {
    const lane = this.#run().finally(() => {
      this.#lanes.delete(lane);
      if (this.#waiting.length > 0 && this.#lanes.size === 0) this.#startLane();
    });
    this.#lanes.add(lane);
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < MANY && !this.#closed) await sleep(GATHER_MS);
      const batch = this.#takeBatch();
      await this.#write(batch);
      for (const { size } of batch) this.#unwritten -= size;
      this.#room?.resolve();
      this.#room = null;
    }
  }

  #takeBatch(): Pending[] {
    let [rows, bytes] = [0, 0];
    for (const { size } of this.#waiting) {
      if (rows === MOST_ROWS || (rows > 0 && bytes + size > MOST_BYTES)) break;
      bytes += size;
      rows++;
    }
    return this.#waiting.splice(0, rows);
  }

  /** Ends each of the batch. Never rejects. */
  async #write(batch: readonly Pending[]): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      const failure = await this.#send(batch);
      if (failure === null) {
        for (const { done } of batch) done.resolve();
        return this.#parts.onWritten();
      }
      if (isFaultOfValues(failure)) return this.#divide(batch, failure);
      this.#parts.onTrouble(failure);
      this.#parts.prepare.forget();
      this.#keys.clear();
      if (this.#closed) {
        for (const { done } of batch) done.reject(failure);
        return;
      }
      await sleep(waitMs);
    }
  }

  /** A batch is refused because of one value. Its halves are tried until the record is found. */
  async #divide(batch: readonly Pending[], failure: DroverError): Promise<void> {
    if (batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      await this.#write(batch.slice(0, half));
      return this.#write(batch.slice(half));
    }
    const [one] = batch;
    if (!one) return;
    if (one.row.exact !== null && one.row.body === null) return one.done.reject(failure);
    const { id, crawl } = one.record;
    this.#parts.onTrouble(
      new DroverError('E_STORE_VALUE', `Request ${id} of crawl ${crawl}: ${failure.detail}`, {
        cause: failure,
      }),
    );
    one.row = await bareRowOf(one.record, one.row.claim);
    return this.#write(batch);
  }

  /** Sends the batch; returns why it was not written. */
  async #send(batch: readonly Pending[]): Promise<DroverError | null> {
    const { database, schema, name, prepare } = this.#parts;
    try {
      await prepare();
      const rows = [...onceEach(batch).values()];
      for (const { recordsFolder, record } of rows)
        if (!this.#keys.has(recordsFolder)) await this.#findKey(recordsFolder, record.crawl);
      const keyed = rows.map(({ recordsFolder, row }) => ({ key: this.#keys.get(recordsFolder) ?? 0, row }));
      await database.query(writeStatement(schema, keyed));
      return null;
    } catch (error) {
      return storeFailure(error, name);
    }
  }

  async #findKey(recordsFolder: string, crawl: string): Promise<void> {
    const { database, schema } = this.#parts;
    const values = [recordsFolder];
    const find = { text: `select crawl_key from ${schema}.crawls where records_folder = $1`, values };
    let [found] = await database.query(find);
    if (!found) {
      await database.query({
        text: `insert into ${schema}.crawls (records_folder, crawl) values ($1, $2) on conflict do nothing`,
        values: [recordsFolder, crawl],
      });
      [found] = await database.query(find);
    }
    this.#keys.set(recordsFolder, Number(found?.crawl_key));
  }
}

/** One statement may not meet the same request twice: the record of the highest claim stays, or the first. */
function onceEach(batch: readonly Pending[]): Map<string, Pending> {
  const rows = new Map<string, Pending>();
  for (const pending of batch) {
    const key = `${pending.recordsFolder} ${pending.row.id}`;
    const other = rows.get(key);
    if (!other || pending.row.claim > other.row.claim) rows.set(key, pending);
  }
  return rows;
}
