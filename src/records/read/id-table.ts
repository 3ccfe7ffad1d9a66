// A hash table for millions of ids: open addressing in typed arrays, with a few numbers for each id and no
// objects.

const partBits = 8;
const partShift = 32 - partBits;
const startEntries = 16;
const highestLoad = 0.8;
const growth = 1.25;

/**
 * A table of ids, split into 256 parts that grow one by one: growing a part copies little, so that the peak
 * of memory stays near the size of the table. An id is two unsigned 32-bit halves, which are the first two
 * numbers of an entry. The owner of the table sets the other numbers; the third must not be 0, because 0
 * marks a free entry.
 */
export class IdTable {
  readonly #fields: number;
  readonly #parts: (Uint32Array | undefined)[] = new Array(1 << partBits);
  readonly #counts = new Uint32Array(1 << partBits);
  /**
   * The entry of the last `find` or `enter`: `table` is the part of the table, `at` the index of the entry in
   * it.
   */
  table: Uint32Array = new Uint32Array(0);
  at = 0;
  /** The number of ids that have an entry. */
  size = 0;

  /** `fields` is the number of numbers in each entry, at least three. */
  constructor(fields: number) {
    this.#fields = fields;
  }

  /** Whether the id has an entry. `table` and `at` then say where it is. */
  find(high: number, low: number): boolean {
    return this.#find(mix(high, low), high, low);
  }

  /**
   * Finds or makes the id's entry. In a new entry, the third number is still 0, and the caller must set it.
   */
  enter(high: number, low: number): void {
    const hash = mix(high, low);
    if (this.#find(hash, high, low)) return;
    const part = hash >>> partShift;
    const count = this.#counts[part] as number;
    let table = this.#parts[part];
    if (!table || count >= (table.length / this.#fields) * highestLoad) {
      table = table ? grow(table, this.#fields) : new Uint32Array(startEntries * this.#fields);
      this.#parts[part] = table;
    }
    this.#counts[part] = count + 1;
    this.size++;
    this.table = table;
    this.at = entryIndex(table, this.#fields, hash, high, low);
    table[this.at] = high;
    table[this.at + 1] = low;
  }

  #find(hash: number, high: number, low: number): boolean {
    const table = this.#parts[hash >>> partShift];
    if (!table) return false;
    this.table = table;
    this.at = entryIndex(table, this.#fields, hash, high, low);
    return table[this.at + 2] !== 0;
  }
}

/** A hash of the id with murmur3's finaliser, so that consecutive ids are spread over the table too. */
function mix(high: number, low: number): number {
  let hash = low ^ Math.imul(high, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The index of the id's entry, or of the free entry for it. */
function entryIndex(table: Uint32Array, fields: number, hash: number, high: number, low: number): number {
  const entries = table.length / fields;
  const spread = (hash << partBits) >>> 0; // the bits that did not select the part
  let at = Math.floor((spread / 0x1_0000_0000) * entries) * fields;
  while (table[at + 2] !== 0 && (table[at] !== high || table[at + 1] !== low)) {
    at += fields;
    if (at === table.length) at = 0;
  }
  return at;
}

function grow(old: Uint32Array, fields: number): Uint32Array<ArrayBuffer> {
  const table = new Uint32Array(Math.ceil((old.length / fields) * growth) * fields);
  for (let from = 0; from < old.length; from += fields) {
    if (old[from + 2] === 0) continue;
    const [high, low] = [old[from] as number, old[from + 1] as number];
    const to = entryIndex(table, fields, mix(high, low), high, low);
    for (let field = 0; field < fields; field++) table[to + field] = old[from + field] as number;
  }
  (old.buffer as ArrayBuffer).transfer(0); // frees the memory now, before the next garbage collection
  return table;
}
