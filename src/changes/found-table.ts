// What is known of each request of two runs while they are compared: 20 to 25 bytes for each.
import { idHalves } from '../records/id-hash.ts';
import { IdTable } from '../records/read/id-table.ts';
import type { PageStanding } from './decide.ts';

const standings: readonly (PageStanding | null)[] = [null, 'there', 'gone', 'other', 'unseen'];
/** Bits of the third number: one that is always set, the standing in the former run, what happened since. */
const TAKEN = 1;
const STANDING_SHIFT = 1;
const STANDING_MASK = 7;
const IN_TO = 1 << 4;
const KEPT = 1 << 5;
const RETURNED = 1 << 6;
const EARLIER_SHIFT = 8;
export const MOST_EARLIER = 255;

/** The entry of one request. One object serves for all of them. */
export class FoundTable {
  readonly #ids = new IdTable(4);

  /** A request of the former run. */
  noteFrom(id: string, standing: PageStanding, print: number): void {
    this.#enter(id);
    this.#set(TAKEN | (standings.indexOf(standing) << STANDING_SHIFT), print);
  }

  /** Goes to the entry of a request. False if there is none. */
  find(id: string): boolean {
    const { high, low } = idHalves(id);
    return this.#ids.find(high, low);
  }

  /** Goes to the entry of a request of the newer run, which is made if there is none. */
  enterTo(id: string): void {
    this.#enter(id);
    this.#flag(TAKEN | IN_TO);
  }

  /** Its standing in the former run; null if it is not in that run. */
  get standing(): PageStanding | null {
    return standings[(this.#bits >>> STANDING_SHIFT) & STANDING_MASK] ?? null;
  }

  get print(): number {
    return this.#value;
  }

  /** Whether the newer run has it. */
  get isInTo(): boolean {
    return (this.#bits & IN_TO) !== 0;
  }

  /**
   * The number under which what the newer run found is kept; null if nothing is. It takes the place of the
   * print.
   */
  get kept(): number | null {
    return (this.#bits & KEPT) === 0 ? null : this.#value;
  }

  keep(number: number): void {
    this.#flag(KEPT);
    this.#ids.table[this.#ids.at + 3] = number;
  }

  /** Whether an earlier run is looked for in which it was there. */
  get isReturned(): boolean {
    return (this.#bits & RETURNED) !== 0;
  }

  markReturned(): void {
    this.#flag(RETURNED);
  }

  /** The number of the earlier run, from 1; 0 for none. */
  get earlier(): number {
    return this.#bits >>> EARLIER_SHIFT;
  }

  set earlier(number: number) {
    this.#flag(number << EARLIER_SHIFT);
  }

  #enter(id: string): void {
    const { high, low } = idHalves(id);
    this.#ids.enter(high, low);
  }

  get #bits(): number {
    return this.#ids.table[this.#ids.at + 2] as number;
  }

  get #value(): number {
    return this.#ids.table[this.#ids.at + 3] as number;
  }

  #flag(bits: number): void {
    this.#set(this.#bits | bits, this.#value);
  }

  #set(bits: number, value: number): void {
    const { table, at } = this.#ids;
    table[at + 2] = bits;
    table[at + 3] = value;
  }
}
