// The highest claim of each id, for millions of ids: 15 to 19 bytes an id.
import { IdTable } from './id-table.ts';

const claimed = 0xffff_ffff;

/** Ids are two unsigned 32-bit halves. The third number of an entry is the claim and one. */
export class ClaimTable {
  readonly #ids = new IdTable(3);

  /** Notes a claim; the highest stays. */
  raise(high: number, low: number, claim: number): void {
    const ids = this.#ids;
    ids.enter(high, low);
    if (claim + 1 > (ids.table[ids.at + 2] as number)) ids.table[ids.at + 2] = claim + 1;
  }

  /** True for the highest claim of the id, the first time that it is asked for; after that never again. */
  winsOnce(high: number, low: number, claim: number): boolean {
    const ids = this.#ids;
    if (!ids.find(high, low) || ids.table[ids.at + 2] !== claim + 1) return false;
    ids.table[ids.at + 2] = claimed;
    return true;
  }
}
