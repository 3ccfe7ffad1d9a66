// The highest take of each id, for millions of ids: 15 to 19 bytes an id.
import { IdTable } from './id-table.ts';

const claimed = 0xffff_ffff;

/** Ids are two unsigned 32-bit halves. The third number of an entry is the take and one. */
export class TakeTable {
  readonly #ids = new IdTable(3);

  /** Notes a take; the highest stays. */
  raise(high: number, low: number, take: number): void {
    const ids = this.#ids;
    ids.enter(high, low);
    if (take + 1 > (ids.table[ids.at + 2] as number)) ids.table[ids.at + 2] = take + 1;
  }

  /** True for the highest take of the id, the first time that it is asked for; after that never again. */
  claim(high: number, low: number, take: number): boolean {
    const ids = this.#ids;
    if (!ids.find(high, low) || ids.table[ids.at + 2] !== take + 1) return false;
    ids.table[ids.at + 2] = claimed;
    return true;
  }
}
