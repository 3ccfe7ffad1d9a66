// What a process knows of a crawl in S3: its blocks, where each lies now, and the winning record of each
// request. A refresh reads only the indexes of blocks that are new; compaction moves blocks and changes
// none.
import { DroverError } from '../../errors.ts';
import { LineTable } from '../read/line-table.ts';
import { type BlockPlace, decodeBlock, decodeIndex, eachInIndex } from './blocks.ts';
import type { Bucket } from './bucket.ts';
import { listSegments, type SegmentName } from './segment-names.ts';

const MOST_INDEX = 64 * 1024 * 1024;
const AT_ONCE = 8;
/** How often blocks that have been moved meanwhile are looked for. */
const MOST_LOOKS = 5;

export interface Block extends BlockPlace {
  /** Its number among all blocks of the crawl that this process knows. */
  at: number;
  writer: string;
  segment: string;
  records: number;
}

/** Of one records folder. Its methods throw errors of layer store. */
export class FolderBlocks {
  readonly #bucket: Bucket;
  readonly #folder: string;
  readonly #noteRecord: (high: number, low: number, claim: number, block: number, ordinal: number) => void;
  #blocks: Block[] = [];
  #byWriter = new Map<string, Block[]>();
  #known = new Set<string>();
  #reading: Promise<void> = Promise.resolve();
  /** The lines of the blocks asked for last, by the number of the block, the least recently used first. */
  readonly #recent = new Map<number, Promise<Buffer | null>>();
  readonly #mostRecent: number;

  /** `mostRecent`: bytes of lines that are kept for those who ask for a block again; the last always is. */
  constructor(
    bucket: Bucket,
    folder: string,
    noteRecord: (high: number, low: number, claim: number, block: number, ordinal: number) => void,
    mostRecent = 0,
  ) {
    this.#mostRecent = mostRecent;
    this.#bucket = bucket;
    this.#folder = folder;
    this.#noteRecord = noteRecord;
  }

  block(at: number): Block {
    return this.#blocks[at] as Block;
  }

  /** Of each writer, oldest first: its blocks in order, up to the first that is missing. */
  get writers(): [writer: string, blocks: readonly Block[]][] {
    return [...this.#byWriter].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Afterwards everything is known that was there when it was called. */
  refresh(): Promise<void> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#read());
    return this.#reading;
  }

  /** Whether something that was known is gone: the crawl was removed. */
  #isGone(segments: readonly SegmentName[]): boolean {
    const there = new Set(segments.map(({ writer }) => writer));
    return [...this.#byWriter.keys()].some((writer) => !there.has(writer));
  }

  isStale = false;

  async #read(): Promise<void> {
    let missing = '';
    for (let look = 1; look <= MOST_LOOKS; look++) {
      const { segments } = await listSegments(this.#bucket, this.#folder);
      if (this.#isGone(segments)) this.isStale = true;
      const fresh = segments.filter(({ name }) => !this.#known.has(name));
      const indexes = new Map<string, Buffer>();
      for (let from = 0; from < fresh.length; from += AT_ONCE)
        await Promise.all(
          fresh.slice(from, from + AT_ONCE).map(async ({ name }) => {
            const bytes = await this.#bucket.get(`${this.#folder}/${name}.idx`, MOST_INDEX);
            if (bytes !== null) indexes.set(name, await decodeIndex(bytes, name));
          }),
        );
      // A segment that is joined during the listing may be missing from it; the next look finds it.
      const late = fresh.filter((segment) => {
        const index = indexes.get(segment.name);
        return !index || !this.#enter(segment, index);
      });
      if (late.length === 0) return;
      missing = late[0]?.name ?? '';
    }
    throw new DroverError(
      'E_STORE_FAULT',
      `${this.#bucket.name}: objects before ${this.#folder}/${missing} are missing.`,
    );
  }

  /** False when blocks before it are missing; nothing of it is entered then. */
  #enter({ name, writer, first }: SegmentName, index: Buffer): boolean {
    let own = this.#byWriter.get(writer);
    if (!own) {
      own = [];
      this.#byWriter.set(writer, own);
    }
    const blocks = own;
    if (first > blocks.length) return false;
    let current: Block | null = null;
    eachInIndex(
      index,
      (place) => {
        const known = blocks[place.number];
        current = null;
        if (known) Object.assign(known, place, { segment: name });
        else if (place.number === blocks.length) {
          current = { ...place, writer, segment: name, at: this.#blocks.length, records: 0 };
          this.#blocks.push(current);
          blocks.push(current);
        }
      },
      ({ high, low, claim }, ordinal) => {
        if (current === null) return;
        this.#noteRecord(high, low, claim, current.at, ordinal);
        current.records++;
      },
    );
    this.#known.add(name);
    return true;
  }

  /** The lines of a block, wherever it lies now. Null when the crawl was removed meanwhile. */
  lines(block: Block): Promise<Buffer | null> {
    const lines = this.#recent.get(block.at) ?? this.#fetch(block);
    this.#recent.delete(block.at);
    this.#recent.set(block.at, lines);
    let bytes = 0;
    for (const at of this.#recent.keys()) bytes += this.block(at).size;
    for (const at of this.#recent.keys()) {
      if (bytes <= this.#mostRecent || at === block.at) break;
      this.#recent.delete(at);
      bytes -= this.block(at).size;
    }
    return lines;
  }

  #fetch(block: Block): Promise<Buffer | null> {
    const lines = this.#fetchWhereItIs(block);
    const forget = () => this.#recent.get(block.at) === lines && this.#recent.delete(block.at);
    lines.then((found) => found === null && forget(), forget);
    return lines;
  }

  async #fetchWhereItIs(block: Block): Promise<Buffer | null> {
    for (let look = 1; look <= MOST_LOOKS; look++) {
      const { segment, offset, bytes } = block;
      const key = `${this.#folder}/${segment}.zst`;
      const found = await this.#bucket.get(key, offset + bytes, { from: offset, to: offset + bytes });
      if (found !== null) {
        return await decodeBlock(found, block, `${this.#bucket.name}: ${key}`);
      }
      await this.refresh();
    }
    return null;
  }
}

/** The winning record of each request of the crawl, by block and by place in it. */
export class BlockIndex {
  readonly blocks: FolderBlocks;
  readonly table: LineTable;

  constructor(bucket: Bucket, folder: string, mostRecent = 0) {
    this.table = new LineTable((one, other) => this.#isBefore(one, other));
    this.blocks = new FolderBlocks(
      bucket,
      folder,
      (high, low, claim, block, ordinal) => this.table.note(high, low, claim, block, ordinal),
      mostRecent,
    );
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.blocks.block(one), this.blocks.block(other)];
    return a.writer === b.writer ? a.number < b.number : a.writer < b.writer;
  }
}
