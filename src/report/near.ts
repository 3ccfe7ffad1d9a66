// Finds texts that are nearly alike among many, by their fingerprints (simhash.ts).
import { bitsIn, type TextPrint } from './simhash.ts';

/** Fingerprints that differ in more bits are not looked at further. */
const MOST_BITS = 12;
/** Up to so many texts, all pairs are compared: about two seconds. */
const ALL_PAIRS = 30_000;
/** Of many texts with the same blocks, each is compared with so many that follow it. */
const WINDOW = 200;
const BLOCKS = 8;

/**
 * Calls `meet` for pairs of indexes whose fingerprints differ in few bits. Of more than 30,000 texts, all
 * pairs are met that differ in up to six bits, and most of those that differ in more: they share two of eight
 * blocks of bits.
 */
export function closePairs(prints: readonly TextPrint[], meet: (a: number, b: number) => void): void {
  const high = Int32Array.from(prints, (print) => print.high);
  const low = Int32Array.from(prints, (print) => print.low);
  const isClose = (a: number, b: number) =>
    bitsIn((high[a] ?? 0) ^ (high[b] ?? 0)) + bitsIn((low[a] ?? 0) ^ (low[b] ?? 0)) <= MOST_BITS;
  if (prints.length <= ALL_PAIRS) {
    for (let a = 0; a < prints.length; a++)
      for (let b = a + 1; b < prints.length; b++) if (isClose(a, b)) meet(a, b);
    return;
  }
  const block = (index: number, number: number) =>
    ((number < 4 ? (high[index] ?? 0) : (low[index] ?? 0)) >>> (8 * (number % 4))) & 0xff;
  const keys = new Uint16Array(prints.length);
  for (let one = 0; one < BLOCKS; one++)
    for (let other = one + 1; other < BLOCKS; other++) {
      for (let at = 0; at < keys.length; at++) keys[at] = block(at, one) * 256 + block(at, other);
      const order = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
      meetNeighbours(order, keys, (a, b) => isClose(a, b) && meet(a, b));
    }
}

function meetNeighbours(order: Uint32Array, keys: Uint16Array, meet: (a: number, b: number) => void): void {
  for (let at = 0; at < order.length; at++) {
    const a = order[at] ?? 0;
    for (let next = at + 1; next < order.length && next <= at + WINDOW; next++) {
      const b = order[next] ?? 0;
      if (keys[a] !== keys[b]) break;
      meet(a, b);
    }
  }
}

/** Sets that are united step by step. */
export class Unions {
  readonly #parents: Int32Array;
  /** By set: the least of what its unions were made with. */
  readonly #least: Float64Array;

  constructor(size: number) {
    this.#parents = Int32Array.from({ length: size }, (_, index) => index);
    this.#least = new Float64Array(size).fill(1);
  }

  of(index: number): number {
    let at = index;
    while (this.#parents[at] !== at) {
      const next = this.#parents[this.#parents[at] ?? 0] ?? 0;
      this.#parents[at] = next;
      at = next;
    }
    return at;
  }

  unite(a: number, b: number, measure: number): void {
    const [one, other] = [this.of(a), this.of(b)].sort((x, y) => x - y) as [number, number];
    this.#parents[other] = one;
    this.#least[one] = Math.min(this.#least[one] ?? 1, this.#least[other] ?? 1, measure);
  }

  leastOf(index: number): number {
    return this.#least[this.of(index)] ?? 1;
  }
}
