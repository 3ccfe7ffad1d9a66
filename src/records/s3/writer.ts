// Writes records to S3 with group commit: what arrives while one block is put goes with the next. Blocks of a
// crawl are put one after the other, so that none is missing before one that is there. A server that is slow
// or away holds its callers back, and nothing is given up.
import { setTimeout as sleep } from 'node:timers/promises';
import { DroverError } from '../../errors.ts';
import type { CrawlRecord } from '../../record.ts';
import { lineHead, recordJson } from '../line.ts';
import { recordsFolderName } from '../segments.ts';
import type { RecordWriter, StoreListener } from '../store.ts';
import { encodeBlock } from './blocks.ts';
import type { Bucket } from './bucket.ts';
import { compact, JOINED } from './compact.ts';
import { connectionFailure } from './failures.ts';
import { newWriterName, segmentName } from './segment-names.ts';

/** Limits of one block. */
const MOST_RECORDS = 1000;
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** How long a block is gathered that is not large yet: each costs two requests. */
const GATHER_MS = 30;
/** More than this waits in the callers; in characters. */
const MOST_UNWRITTEN = 64 * 1024 * 1024;
/** Waits between two tries while the server cannot be used. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3000;

interface Pending {
  head: string;
  json: string;
  done: PromiseWithResolvers<void>;
}

/** A crawl's blocks by this process. */
interface Lane {
  folder: string;
  writer: string;
  next: number;
  waiting: Pending[];
  running: Promise<void> | null;
  compacting: Promise<void> | null;
}

export interface S3WriterParts extends StoreListener {
  bucket: Bucket;
  /** Whether the server obeys If-None-Match. Throws errors of layer store. */
  isConditional(): Promise<boolean>;
}

/** Writes and closes as a RecordWriter. */
export type BlockWriter = Pick<RecordWriter, 'write' | 'close'>;

export function openBlockWriter(parts: S3WriterParts): BlockWriter {
  return new S3Writer(parts);
}

class S3Writer implements BlockWriter {
  readonly #parts: S3WriterParts;
  readonly #lanes = new Map<string, Lane>();
  #unwritten = 0;
  #room: PromiseWithResolvers<void> | null = null;
  #closed = false;

  constructor(parts: S3WriterParts) {
    this.#parts = parts;
  }

  async write(record: CrawlRecord, claim: number, recordsFolder = record.crawl): Promise<void> {
    while (this.#unwritten > MOST_UNWRITTEN) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
    if (this.#closed) throw new DroverError('E_STORE_DOWN', 'The store is closed.');
    const pending = {
      head: lineHead(record.id, claim),
      json: recordJson(record),
      done: Promise.withResolvers<void>(),
    };
    const lane = this.#laneOf(recordsFolderName(recordsFolder));
    lane.waiting.push(pending);
    this.#unwritten += pending.json.length;
    lane.running ??= this.#run(lane);
    return pending.done.promise;
  }

  /** Writes what waits, unless the server is away. */
  async close(): Promise<void> {
    this.#closed = true;
    const busy = [...this.#lanes.values()].flatMap(({ running, compacting }) => [running, compacting]);
    await Promise.all(busy);
  }

  #laneOf(folder: string): Lane {
    let lane = this.#lanes.get(folder);
    if (!lane) {
      const begun = { waiting: [], running: null, compacting: null };
      lane = { folder, writer: newWriterName(), next: 0, ...begun };
      this.#lanes.set(folder, lane);
    }
    return lane;
  }

  async #run(lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      if (!this.#closed) await sleep(GATHER_MS);
      const batch = takeBatch(lane.waiting);
      await this.#write(lane, batch);
      for (const { json } of batch) this.#unwritten -= json.length;
      this.#room?.resolve();
      this.#room = null;
    }
    lane.running = null;
  }

  /** Ends each of the batch. Never rejects. */
  async #write(lane: Lane, batch: readonly Pending[]): Promise<void> {
    const lines = Buffer.from(batch.flatMap(({ head, json }) => [head, json, '\n']).join(''));
    const encoded = await encodeBlock(
      lane.next,
      lines,
      batch.map(({ head }) => head),
    );
    const key = `${lane.folder}/${segmentName(lane.writer, lane.next, lane.next)}`;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        const isNew = await this.#parts.isConditional();
        await Promise.all([
          this.#parts.bucket.put(`${key}.zst`, encoded.blocks, isNew),
          this.#parts.bucket.put(`${key}.idx`, encoded.index, isNew),
        ]);
        break;
      } catch (error) {
        const failure = connectionFailure(this.#parts.bucket.name, error);
        this.#parts.onTrouble(failure);
        if (this.#closed) return batch.forEach(({ done }) => void done.reject(failure));
      }
      await sleep(waitMs);
    }
    for (const { done } of batch) done.resolve();
    this.#parts.onWritten();
    lane.next++;
    if (lane.next % JOINED === 0) this.#compact(lane);
  }

  /** What cannot be joined now is joined later, so an error is no trouble. */
  #compact(lane: Lane): void {
    const { bucket } = this.#parts;
    lane.compacting ??= this.#parts
      .isConditional()
      .then((isConditional) => compact({ bucket, folder: lane.folder, isConditional }))
      .catch(() => undefined)
      .finally(() => {
        lane.compacting = null;
      });
  }
}

function takeBatch(waiting: Pending[]): Pending[] {
  let [records, characters] = [0, 0];
  for (const { json } of waiting) {
    if (records === MOST_RECORDS || (records > 0 && characters + json.length > MOST_CHARACTERS)) break;
    characters += json.length;
    records++;
  }
  return waiting.splice(0, records);
}
