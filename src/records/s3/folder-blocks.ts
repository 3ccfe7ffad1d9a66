// What a process knows of a crawl in S3: its blocks, where each lies now, and the winning record of each
// request. A refresh reads only the indexes of blocks that are new; compaction moves blocks and changes
// none.
import { DroverError } from '../../errors.ts';
import { LineTable } from '../read/line-table.ts';
import { type BlockPlace, decodeBlock, decodeIndex, eachInIndex, indexEnd } from './blocks.ts';
import type { Bucket } from './bucket.ts';
import { keyOf, listSegments, type SegmentName } from './segment-names.ts';

/** So much is read of a segment for its index; what is larger takes a second request. */
const FIRST_READ = 64 * 1024;
const AT_ONCE = 16;
/** How often blocks that have been moved meanwhile are looked for. */
const MOST_LOOKS = 5;

export interface Block extends BlockPlace {
  /** Its number among all blocks of the crawl that this process knows. */
  at: number;
  writer: string;
  segment: string;
  /** Where in the object of the segment. */
  start: number;
  records: number;
}

interface SegmentStart {
  index: Buffer;
  /** Where it ends in the object. */
  end: number;
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
      const starts = new Map<string, SegmentStart>();
      for (let from = 0; from < fresh.length; from += AT_ONCE)
        await Promise.all(
          fresh.slice(from, from + AT_ONCE).map(async (segment) => {
            const start = await this.#readIndex(segment);
            if (start !== null) starts.set(segment.name, start);
          }),
        );
      // A segment that is joined during the listing may be missing from it; the next look finds it.
      const late = fresh.filter((segment) => {
        const start = starts.get(segment.name);
        return !start || !this.#enter(segment, start);
      });
      if (late.length === 0) return;
      missing = late[0]?.name ?? '';
    }
    throw new DroverError(
      'E_STORE_FAULT',
      `${this.#bucket.name}: objects before ${this.#folder}/${missing} are missing.`,
    );
  }

  /** Null when it is not there any more. */
  async #readIndex(segment: SegmentName): Promise<SegmentStart | null> {
    const key = keyOf(this.#folder, segment);
    let start = await this.#bucket.get(key, FIRST_READ, { from: 0, to: Math.min(FIRST_READ, segment.bytes) });
    if (start === null) return null;
    const end = indexEnd(start, key);
    if (end > segment.bytes) throw new DroverError('E_STORE_FAULT', `${key}: the object is not whole.`);
    if (end > start.length) start = await this.#bucket.get(key, end, { from: 0, to: end });
    return start && { index: await decodeIndex(start, key), end };
  }

  /** False when blocks before it are missing; nothing of it is entered then. */
  #enter({ name, writer, first }: SegmentName, { index, end }: SegmentStart): boolean {
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
        const start = end + place.offset;
        if (known) Object.assign(known, place, { segment: name, start });
        else if (place.number === blocks.length) {
          current = { ...place, writer, segment: name, start, at: this.#blocks.length, records: 0 };
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
      const { segment, start, bytes } = block;
      const key = keyOf(this.#folder, { name: segment });
      const found = await this.#bucket.get(key, start + bytes, { from: start, to: start + bytes });
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
