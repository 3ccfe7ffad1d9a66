// Where the winning line of each id stands, for millions of ids: 25 to 31 bytes an id.
import { IdTable } from './id-table.ts';

/** A longer segment cannot be indexed; the store begins another long before. */
export const MOST_OFFSET = 0xffff_ffff;

/** Ids are two unsigned 32-bit halves. Further numbers of an entry: claim and one, segment, offset. */
export class PlaceTable {
  readonly #ids = new IdTable(5);
  readonly #isBefore: (segment: number, other: number) => boolean;

  /** `isBefore`: the order of segments, which decides between lines of the same claim. */
  constructor(isBefore: (segment: number, other: number) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#ids.size;
  }

  /** Notes a line: that of the highest claim stays, of several the first by segment and offset. */
  note(high: number, low: number, claim: number, segment: number, offset: number): void {
    this.#ids.enter(high, low);
    this.#raise(claim, segment, offset);
  }

  /** The same, for ids that are known already; others are passed over. */
  noteKnown(high: number, low: number, claim: number, segment: number, offset: number): void {
    if (this.#ids.find(high, low)) this.#raise(claim, segment, offset);
  }

  /** Whether the id's winning line is the one there; null for an id that is not known. */
  winsAt(high: number, low: number, segment: number, offset: number): boolean | null {
    const ids = this.#ids;
    if (!ids.find(high, low)) return null;
    return ids.table[ids.at + 3] === segment && ids.table[ids.at + 4] === offset;
  }

  /** Null for an id that is not known. */
  placeOf(high: number, low: number): { segment: number; offset: number } | null {
    const ids = this.#ids;
    if (!ids.find(high, low)) return null;
    return { segment: ids.table[ids.at + 3] as number, offset: ids.table[ids.at + 4] as number };
  }

  #raise(claim: number, segment: number, offset: number): void {
    const { table, at } = this.#ids;
    const known = table[at + 2] as number;
    if (claim + 1 < known) return;
    if (claim + 1 === known && !this.#goesBefore(segment, offset)) return;
    table[at + 2] = claim + 1;
    table[at + 3] = segment;
    table[at + 4] = offset;
  }

  #goesBefore(segment: number, offset: number): boolean {
    const { table, at } = this.#ids;
    const other = table[at + 3] as number;
    return segment === other ? offset < (table[at + 4] as number) : this.#isBefore(segment, other);
  }
}
