// One crawl's records by id, kept in memory and brought up to date by reading only what was appended since.
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LineHead } from '../line.ts';
import { segmentNames } from '../segments.ts';
import { MOST_OFFSET, PlaceTable } from './place-table.ts';
import { eachRecord, ReadSpace, wholeLines } from './whole-lines.ts';

const newline = 0x0a;

/** A segment, by its number in the index: the order in which the index met them. */
export interface IndexedSegment {
  number: number;
  name: string;
  path: string;
  /** How far its whole lines have been read into the index. */
  end: number;
}

export class FolderIndex {
  readonly directory: string;
  readonly #mostEntries: number;
  #segments: IndexedSegment[] = [];
  /** Null where there are more ids than may be kept. */
  table: PlaceTable | null = null;
  #reading: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #isStale = false;

  constructor(directory: string, mostEntries: number) {
    this.directory = directory;
    this.#mostEntries = mostEntries;
    this.#forget();
  }

  /** Its segments by name, and so by the time when they were begun. */
  get segments(): IndexedSegment[] {
    return this.#segments.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  segment(number: number): IndexedSegment {
    return this.#segments[number] as IndexedSegment;
  }

  /** Everything that was on disk when this was called is in the index when it resolves. Those who ask meanwhile share the next reading. */
  refresh(): Promise<void> {
    this.#next ??= this.#reading
      .catch(() => undefined) // its caller hears of it
      .then(() => {
        this.#next = null;
        this.#reading = this.#read();
        return this.#reading;
      });
    return this.#next;
  }

  /** Reads all of it anew. */
  rebuild(): Promise<void> {
    this.#isStale = true;
    return this.refresh();
  }

  /** Where each of its segments stands, in a table of the ids that `table` holds already: for more ids than are kept. */
  async noteAll(table: PlaceTable): Promise<void> {
    const space = new ReadSpace();
    for (const segment of this.#segments) {
      await notePlaces(segment, { from: 0, to: segment.end }, space, (head, offset) =>
        table.noteKnown(head.high, head.low, head.claim, segment.number, offset),
      );
    }
  }

  newTable(): PlaceTable {
    return new PlaceTable((segment, other) => this.segment(segment).name < this.segment(other).name);
  }

  /** What is at work with the former table and segments keeps them. */
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

  /** Lines that were written and not synced are cut off when a write fails; and a whole records folder may be removed. */
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
    segment.end = await notePlaces(segment, { from: segment.end, to: size }, space, (head, offset) => {
      this.table?.note(head.high, head.low, head.claim, number, offset);
      if ((this.table?.size ?? 0) > this.#mostEntries || offset > MOST_OFFSET) this.table = null;
    });
  }
}

/** Every record's line of a stretch of a segment that begins with a line; answers where its whole lines end. */
async function notePlaces(
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

/** Whether a line may begin there: at the start of the file, or behind a newline. */
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
