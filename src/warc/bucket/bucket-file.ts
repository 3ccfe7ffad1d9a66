// One WARC file in a bucket. Each sync puts what was appended as an object of its own, a WARC file too; when
// there are many of them, they are joined into one, from memory, and an index is put beside it.
import type { Bucket } from '../../records/s3/bucket.ts';
import { objectName } from '../../records/s3/segment-names.ts';
import { cdxjLine, type IndexEntry } from '../cdxj.ts';
import { INDEX_ENDING, WARC_ENDING } from '../file-names.ts';
import { type ArchivedCrawl, type OpenWarc, type PlacedMember, warcinfoOf } from '../open-warc.ts';
import { memberOf, newRecordId, type WarcRecord } from '../record.ts';
import { piecesOf, SortedLines } from '../sorted-lines.ts';
import { newStem } from './object-names.ts';

/** A file is full when it is so large, or has so many blocks: it is kept in memory until it is joined. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_BLOCKS = 500;
/** All files of a process together; then those that have something are full. */
const MOST_HELD = 96 * 1024 * 1024;

export interface BucketFileParts {
  bucket: Bucket;
  maxFileBytes: number;
  /** Puts an object, however often it has to be tried. Throws when the process ends before it works. */
  put(key: string, object: Buffer): Promise<void>;
  /** Does it in the background, one after the other. Resolves when the one before has ended. */
  inBackground(work: () => Promise<void>): Promise<void>;
}

let heldByAll = 0;

export class BucketFile implements OpenWarc {
  readonly warcinfo: string;
  broken = false;
  readonly #parts: BucketFileParts;
  readonly #stem: string;
  /** The member of the warcinfo record, with which each object begins. */
  readonly #first: Buffer;
  /** Members that are in the bucket, and those that are not yet; with their lines. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #block: Buffer[] = [];
  #blockBytes = 0;
  #blocks = 0;
  #entries: Omit<IndexEntry, 'filename'>[] = [];
  #unsynced: Omit<IndexEntry, 'filename'>[] = [];

  private constructor(parts: BucketFileParts, stem: string, warcinfo: string, first: Buffer) {
    this.#parts = parts;
    this.#stem = stem;
    this.warcinfo = warcinfo;
    this.#first = first;
  }

  /** Nothing is put before the first sync. */
  static async create(parts: BucketFileParts, crawl: ArchivedCrawl): Promise<BucketFile> {
    const id = newRecordId();
    const first: Buffer[] = [];
    for await (const piece of memberOf(warcinfoOf(id, crawl, null))) first.push(piece);
    return new BucketFile(parts, newStem(crawl.recordsFolder), id, Buffer.concat(first));
  }

  get isFull(): boolean {
    const most = Math.min(this.#parts.maxFileBytes, MOST_BYTES);
    const isEnough = this.#heldBytes >= most || this.#blocks >= MOST_BLOCKS;
    return isEnough || (heldByAll > MOST_HELD && this.#blocks > 0);
  }

  async append(record: WarcRecord): Promise<PlacedMember> {
    const offset = this.#first.length + this.#heldBytes + this.#blockBytes;
    const before = this.#blockBytes;
    for await (const piece of memberOf(record)) {
      this.#block.push(piece);
      this.#blockBytes += piece.length;
    }
    return { offset, length: this.#blockBytes - before };
  }

  note(entry: Omit<IndexEntry, 'filename'>): void {
    this.#unsynced.push(entry);
  }

  async sync(): Promise<void> {
    const object = Buffer.concat([this.#first, ...this.#block]);
    const key = this.#nameOf(this.#blocks, this.#blocks);
    try {
      await this.#parts.put(key, object);
    } catch (error) {
      this.broken = true; // it may be there all the same, so no other may have its name
      throw error;
    }
    const members = object.subarray(this.#first.length);
    this.#blocks++;
    this.#held.push(members);
    this.#heldBytes += members.length;
    heldByAll += members.length;
    for (const entry of this.#unsynced) this.#entries.push(entry);
    this.forget();
  }

  forget(): void {
    this.#block = [];
    this.#blockBytes = 0;
    this.#unsynced = [];
  }

  async finish(): Promise<void> {
    await this.#parts.inBackground(() => this.#join());
  }

  /** What goes wrong is no trouble: the blocks stay as they are. */
  async #join(): Promise<void> {
    const { bucket } = this.#parts;
    try {
      if (this.#blocks === 0) return;
      const name = this.#nameOf(0, this.#blocks - 1);
      // The index comes first: what has one is complete.
      await bucket.put(`${name}${INDEX_ENDING}`, await this.#indexOf(name), false);
      if (this.#blocks === 1) return;
      await bucket.put(name, Buffer.concat([this.#first, ...this.#held]), false);
      await bucket.delete(Array.from({ length: this.#blocks }, (_, block) => this.#nameOf(block, block)));
    } finally {
      heldByAll -= this.#heldBytes;
      this.#held = [];
    }
  }

  async #indexOf(filename: string): Promise<Buffer> {
    const lines = new SortedLines('', Number.POSITIVE_INFINITY);
    for (const entry of this.#entries) lines.add(cdxjLine({ ...entry, filename }));
    const pieces: Buffer[] = [];
    for await (const piece of piecesOf(lines.sorted())) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  }

  #nameOf(first: number, last: number): string {
    return `${objectName(this.#stem, first, last)}${WARC_ENDING}`;
  }
}
