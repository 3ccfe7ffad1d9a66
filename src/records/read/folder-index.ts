// An index of one crawl's records by id, in memory. A refresh reads only the lines that were appended since
// the last one.
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LineHead } from '../line.ts';
import { segmentNames } from '../segments.ts';
import { LineTable, MOST_OFFSET } from './line-table.ts';
import { eachRecord, ReadSpace, wholeLines } from './whole-lines.ts';

const newline = 0x0a;

/** A segment in the index. Segments are numbered in the order in which the index found them. */
export interface IndexedSegment {
  number: number;
  name: string;
  path: string;
  /** The offset up to which the complete lines have been read into the index. */
  end: number;
}

/** The index of one records folder. Its methods throw errors of the file system. */
export class FolderIndex {
  readonly directory: string;
  readonly #mostEntries: number;
  #segments: IndexedSegment[] = [];
  /** The index, or null if there are more ids than may be kept. */
  table: LineTable | null = null;
  #reading: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #isStale = false;

  constructor(directory: string, mostEntries: number) {
    this.directory = directory;
    this.#mostEntries = mostEntries;
    this.#forget();
  }

  /** The segments, sorted by name and so by the time at which they were begun. */
  get segments(): IndexedSegment[] {
    return this.#segments.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  segment(number: number): IndexedSegment {
    return this.#segments[number] as IndexedSegment;
  }

  /**
   * Brings the index up to date. When this resolves, everything is in the index that was on disk when it was
   * called. Calls made while one runs share the next one.
   */
  refresh(): Promise<void> {
    this.#next ??= this.#reading
      .catch(() => undefined) // the caller of that reading gets the error
      .then(() => {
        this.#next = null;
        this.#reading = this.#read();
        return this.#reading;
      });
    return this.#next;
  }

  /** Reads all segments again from the beginning. */
  rebuild(): Promise<void> {
    this.#isStale = true;
    return this.refresh();
  }

  /**
   * Reads all segments and enters the winning lines of the ids that `table` already has. For crawls with more
   * ids than the index may keep.
   */
  async noteAll(table: LineTable): Promise<void> {
    const space = new ReadSpace();
    for (const segment of this.#segments) {
      await noteLines(segment, { from: 0, to: segment.end }, space, (head, offset) =>
        table.noteKnown(head.high, head.low, head.claim, segment.number, offset),
      );
    }
  }

  newTable(): LineTable {
    return new LineTable((segment, other) => this.segment(segment).name < this.segment(other).name);
  }

  /** Starts with an empty index. Readers that still use the former table and segments keep those. */
  #forget(): void {
    this.#isStale = false;
    this.#segments = [];
    this.table = this.newTable();
  }

  async #read(): Promise<void> {
    const names = await segmentNames(this.directory);
    if (this.#isStale || !(await this.#isAsKnown(names))) this.#forget();
    const known = new Set(this.#segments.map(({ name }) => name));
    for (const name of names) {
      if (known.has(name)) continue;
      const path = join(this.directory, name);
      this.#segments.push({ number: this.#segments.length, name, path, end: 0 });
    }
    const space = new ReadSpace();
    for (const segment of this.#segments) await this.#readOn(segment, space);
  }

  /**
   * Whether the segments in the index are still as they were. When a write fails, lines that were not synced
   * are cut off, and a whole records folder may be removed.
   */
  async #isAsKnown(names: readonly string[]): Promise<boolean> {
    const there = new Set(names);
    for (const { name, path, end } of this.#segments) {
      if (!there.has(name) || !(await isLineStart(path, end))) return false;
    }
    return true;
  }

  async #readOn(segment: IndexedSegment, space: ReadSpace): Promise<void> {
    const { number } = segment;
    const { size } = await stat(segment.path);
    if (size <= segment.end) return;
    segment.end = await noteLines(segment, { from: segment.end, to: size }, space, (head, offset) => {
      this.table?.note(head.high, head.low, head.claim, number, offset);
      if ((this.table?.size ?? 0) > this.#mostEntries || offset > MOST_OFFSET) this.table = null;
    });
  }
}

/**
 * Calls `note` for each record's line of a segment from `from` to `to`. Returns where the last complete line
 * ends.
 */
async function noteLines(
  { path }: IndexedSegment,
  { from, to }: { from: number; to: number },
  space: ReadSpace,
  note: (head: LineHead, offset: number) => void,
): Promise<number> {
  const head = new LineHead();
  let at = from;
  for await (const bytes of wholeLines(path, space, to, from)) {
    eachRecord(bytes, head, (start) => {
      note(head, at + start);
      return true;
    });
    at += bytes.length;
  }
  return at;
}

/**
 * Whether a line may begin at `offset`: at the start of the file or after a newline. Throws the error of the
 * file system.
 */
export async function isLineStart(path: string, offset: number): Promise<boolean> {
  if (offset === 0) return true;
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, offset - 1);
    return bytesRead === 1 && buffer[0] === newline;
  } finally {
    await file.close();
  }
}
