// The highest claim of each id, for millions of ids. It takes 15 to 19 bytes for each id.
import { IdTable } from './id-table.ts';

/** Replaces the claim of an id whose winning line has been found. */
const found = 0xffff_ffff;

/** Ids are given as two unsigned 32-bit halves. The third number of an entry is the claim plus one. */
export class ClaimTable {
  readonly #ids = new IdTable(3);

  get size(): number {
    return this.#ids.size;
  }

  /** Adds a claim. The table keeps the highest of each id. */
  raise(high: number, low: number, claim: number): void {
    const ids = this.#ids;
    ids.enter(high, low);
    if (claim + 1 > (ids.table[ids.at + 2] as number)) ids.table[ids.at + 2] = claim + 1;
  }

  /**
   * True if the claim is the highest of the id, but only for the first call with this claim: later calls
   * return false.
   */
  winsOnce(high: number, low: number, claim: number): boolean {
    const ids = this.#ids;
    if (!ids.find(high, low) || ids.table[ids.at + 2] !== claim + 1) return false;
    ids.table[ids.at + 2] = found;
    return true;
  }
}
