// Writes records to S3 with group commit: what arrives while one block is put goes with the next. Blocks of
// one name are put one after the other, so that none is missing before one that is there. A server that is
// slow or away holds its callers back, and nothing is given up.
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
import { newWriterName, objectName } from './segment-names.ts';

/** Limits of one block. */
const MOST_RECORDS = 1000;
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** Blocks of a crawl that are on their way at once: records need not wait for the block before theirs. */
const MOST_PENS = 3;
/** A block that is not large yet is gathered as long as more comes, and not longer than this. */
const GATHER_MS = 30;
const LULL_MS = 5;
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

/** Puts blocks one after the other, under a name of its own. */
interface Pen {
  writer: string;
  next: number;
  running: Promise<void> | null;
}

/** A crawl's records in this process. */
interface Lane {
  folder: string;
  waiting: Pending[];
  pens: Pen[];
  /** Whether a pen waits for more records before it puts a block. */
  isGathering: boolean;
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
    this.#wake(lane);
    return pending.done.promise;
  }

  /** Writes what waits, unless the server is away. */
  async close(): Promise<void> {
    this.#closed = true;
    for (;;) {
      const busy = [...this.#lanes.values()].flatMap(({ pens, compacting }) => [
        compacting,
        ...pens.map(({ running }) => running),
      ]);
      if (busy.every((work) => work === null)) return;
      await Promise.all(busy);
    }
  }

  #laneOf(folder: string): Lane {
    let lane = this.#lanes.get(folder);
    if (!lane) {
      lane = { folder, waiting: [], pens: [], isGathering: false, compacting: null };
      this.#lanes.set(folder, lane);
    }
    return lane;
  }

  /** Lets a pen gather what waits, if none does and one is free. */
  #wake(lane: Lane): void {
    if (lane.isGathering || lane.waiting.length === 0) return;
    lane.isGathering = true;
    let pen = lane.pens.find(({ running }) => running === null);
    if (!pen && lane.pens.length < MOST_PENS) {
      pen = { writer: newWriterName(), next: 0, running: null };
      lane.pens.push(pen);
    }
    const free = pen;
    if (free) free.running = Promise.resolve().then(() => this.#run(lane, free));
    else lane.isGathering = false;
  }

  async #run(lane: Lane, pen: Pen): Promise<void> {
    for (let isMine = true; isMine; isMine = !lane.isGathering && lane.waiting.length > 0) {
      lane.isGathering = true;
      if (!this.#closed) await this.#gather(lane);
      const batch = takeBatch(lane.waiting);
      lane.isGathering = false;
      this.#wake(lane);
      await this.#write(lane, pen, batch);
      for (const { json } of batch) this.#unwritten -= json.length;
      this.#room?.resolve();
      this.#room = null;
    }
    pen.running = null;
  }

  /** Each block costs two requests, so it is worth waiting for more; but not when nothing comes. */
  async #gather({ waiting }: Lane): Promise<void> {
    const began = performance.now();
    for (let before = 0; before < waiting.length && performance.now() - began < GATHER_MS; ) {
      before = waiting.length;
      await sleep(LULL_MS);
    }
  }

  /** Ends each of the batch. Never rejects. */
  async #write(lane: Lane, pen: Pen, batch: readonly Pending[]): Promise<void> {
    const lines = Buffer.from(batch.flatMap(({ head, json }) => [head, json, '\n']).join(''));
    const encoded = await encodeBlock(
      pen.next,
      lines,
      batch.map(({ head }) => head),
    );
    const key = `${lane.folder}/${objectName(pen.writer, pen.next, pen.next)}`;
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
    pen.next++;
    if (pen.next % JOINED === 0) this.#compact(lane);
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
