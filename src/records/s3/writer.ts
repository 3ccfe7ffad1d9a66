// Writes records to S3 with group commit: what arrives while blocks are put goes with the next. Blocks of one
// name are put one after the other, so that none is missing before one that is there. A server that is slow
// or away holds its callers back, and nothing is given up.
import { DroverError } from '../../errors.ts';
import type { CrawlRecord } from '../../record.ts';
import { lineHead, recordJson } from '../line.ts';
import { recordsFolderName } from '../segments.ts';
import type { RecordWriter, StoreListener } from '../store.ts';
import { encodeBlock, encodeSegment } from './blocks.ts';
import type { Bucket } from './bucket.ts';
import { gatherBatch, PutTimes } from './gather.ts';
import { Joiner } from './joiner.ts';
import { patiently } from './patience.ts';
import { keyOf, newWriterName, objectName } from './segment-names.ts';

/** Limits of one block. */
const MOST_RECORDS = 1000;
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** Blocks of a crawl that are on their way at once: records need not wait for the block before theirs. */
const MOST_PENS = 2;
/** More than this waits in the callers; in characters. */
const MOST_UNWRITTEN = 64 * 1024 * 1024;
/** A crawl of which nothing came for so long is let go. */
const IDLE_MS = 30_000;

interface Pending {
  head: string;
  json: string;
  done: PromiseWithResolvers<void>;
}

/** Puts blocks one after the other, under a name of its own. */
interface Pen {
  writer: string;
  next: number;
  joiner: Joiner;
  running: Promise<void> | null;
}

/** A crawl's records in this process. */
interface Lane {
  folder: string;
  waiting: Pending[];
  characters: number;
  firstAt: number;
  lastAt: number;
  pens: Pen[];
  /** Whether a pen waits for more records before it puts a block. */
  isGathering: boolean;
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
  readonly #putTimes = new PutTimes();
  readonly #joining = new Set<Promise<void>>();
  #unwritten = 0;
  #room: PromiseWithResolvers<void> | null = null;
  #letGo: NodeJS.Timeout | null = null;
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
    lane.lastAt = performance.now();
    if (lane.waiting.push(pending) === 1) lane.firstAt = lane.lastAt;
    lane.characters += pending.json.length;
    this.#unwritten += pending.json.length;
    this.#wake(lane);
    return pending.done.promise;
  }

  /** Writes what waits, unless the server is away. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#letGo) clearInterval(this.#letGo);
    for (;;) {
      const busy = [...this.#lanes.values()].flatMap(({ pens }) =>
        pens.flatMap(({ running }) => running ?? []),
      );
      if (busy.length === 0) break;
      await Promise.all(busy);
    }
    for (const lane of this.#lanes.values()) this.#finish(lane);
    await Promise.all(this.#joining);
  }

  #laneOf(folder: string): Lane {
    let lane = this.#lanes.get(folder);
    if (!lane) {
      lane = { folder, waiting: [], characters: 0, pens: [], isGathering: false, firstAt: 0, lastAt: 0 };
      this.#lanes.set(folder, lane);
      this.#letGo ??= setInterval(() => this.#letGoOfIdle(), IDLE_MS).unref();
    }
    return lane;
  }

  #letGoOfIdle(): void {
    for (const lane of this.#lanes.values())
      if (performance.now() - lane.lastAt > IDLE_MS && lane.pens.every(({ running }) => running === null))
        this.#finish(lane);
  }

  /** Nothing is added to what its pens have written. */
  #finish(lane: Lane): void {
    this.#lanes.delete(lane.folder);
    for (const { joiner } of lane.pens) this.#inBackground(joiner.finish());
  }

  #inBackground(work: Promise<void>): void {
    this.#joining.add(work);
    work.finally(() => this.#joining.delete(work));
  }

  /** Lets a pen gather what waits, if none does and one is free. */
  #wake(lane: Lane): void {
    if (lane.isGathering || lane.waiting.length === 0) return;
    let pen = lane.pens.find(({ running }) => running === null);
    if (!pen && lane.pens.length < MOST_PENS) {
      const joiner = new Joiner({ ...this.#parts, folder: lane.folder });
      pen = { writer: newWriterName(), next: 0, joiner, running: null };
      lane.pens.push(pen);
    }
    const free = pen;
    if (!free) return;
    lane.isGathering = true;
    free.running = Promise.resolve().then(() => this.#run(lane, free));
  }

  async #run(lane: Lane, pen: Pen): Promise<void> {
    for (let isMine = true; isMine; isMine = !lane.isGathering && lane.waiting.length > 0) {
      lane.isGathering = true;
      if (!this.#closed) await gatherBatch(lane, this.#putTimes.usualMs);
      const batch = takeBatch(lane);
      lane.isGathering = false;
      this.#wake(lane);
      await this.#write(lane, pen, batch);
      for (const { json } of batch) this.#unwritten -= json.length;
      this.#room?.resolve();
      this.#room = null;
    }
    pen.running = null;
  }

  /** Ends each of the batch. Never rejects. */
  async #write(lane: Lane, pen: Pen, batch: readonly Pending[]): Promise<void> {
    const lines = Buffer.from(batch.flatMap(({ head, json }) => [head, json, '\n']).join(''));
    const heads = batch.map(({ head }) => head);
    const block = await encodeBlock(pen.next, lines, heads);
    const object = await encodeSegment([block]);
    const name = objectName(pen.writer, pen.next, pen.next);
    const { bucket, onTrouble } = this.#parts;
    try {
      await patiently({ name: bucket.name, onTrouble, isClosed: () => this.#closed }, async () => {
        const isNew = await this.#parts.isConditional();
        const began = performance.now();
        await bucket.put(keyOf(lane.folder, { name }), object, isNew);
        this.#putTimes.note(performance.now() - began);
      });
    } catch (error) {
      return batch.forEach(({ done }) => void done.reject(error));
    }
    for (const { done } of batch) done.resolve();
    this.#parts.onWritten();
    const held = { ...block, name, writer: pen.writer, first: pen.next, last: pen.next };
    pen.next++;
    const joining = pen.joiner.add(held);
    if (joining) this.#inBackground(joining);
  }
}

function takeBatch(lane: Lane): Pending[] {
  let [records, characters] = [0, 0];
  for (const { json } of lane.waiting) {
    if (records === MOST_RECORDS || (records > 0 && characters + json.length > MOST_CHARACTERS)) break;
    characters += json.length;
    records++;
  }
  lane.characters -= characters;
  lane.firstAt = lane.lastAt;
  return lane.waiting.splice(0, records);
}
