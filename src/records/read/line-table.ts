// The place of the winning line of each id, for millions of ids. It takes 25 to 31 bytes for each id.
import { IdTable } from './id-table.ts';

/** The largest offset of a line that can be indexed. The store begins a new segment long before. */
export const MOST_OFFSET = 0xffff_ffff;

/**
 * Ids are given as two unsigned 32-bit halves. The other numbers of an entry are: claim plus one, segment,
 * offset.
 */
export class LineTable {
  readonly #ids = new IdTable(5);
  readonly #isBefore: (segment: number, other: number) => boolean;

  /** `isBefore` compares two segments. Of several lines with the same claim, the first one wins. */
  constructor(isBefore: (segment: number, other: number) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#ids.size;
  }

  /**
   * Adds a line. The table keeps the line of the highest claim, and of several the first by segment and
   * offset.
   */
  note(high: number, low: number, claim: number, segment: number, offset: number): void {
    this.#ids.enter(high, low);
    this.#raise(claim, segment, offset);
  }

  /** Adds a line if the table has its id already. */
  noteKnown(high: number, low: number, claim: number, segment: number, offset: number): void {
    if (this.#ids.find(high, low)) this.#raise(claim, segment, offset);
  }

  /** Whether the winning line of the id is the one at this place. Null if the table does not have the id. */
  winsAt(high: number, low: number, segment: number, offset: number): boolean | null {
    const ids = this.#ids;
    if (!ids.find(high, low)) return null;
    return ids.table[ids.at + 3] === segment && ids.table[ids.at + 4] === offset;
  }

  /** The place of the id's winning line. Null if the table does not have the id. */
  find(high: number, low: number): { segment: number; offset: number } | null {
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
