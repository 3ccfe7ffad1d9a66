// Facts about millions of ids: open addressing in typed arrays, a few numbers an id and no object.

const shardBits = 8;
const shardShift = 32 - shardBits;
const startEntries = 16;
const highestLoad = 0.8;
const growth = 1.25;

/**
 * Split into 256 tables that grow each for itself: growing copies little at a time, so the peak stays near the size. Ids are two unsigned
 * 32-bit halves, kept in the first two numbers of an entry; the third is the owner's, and not 0 in an entry that is taken.
 */
export class IdTable {
  readonly #fields: number;
  readonly #shards: (Uint32Array | undefined)[] = new Array(1 << shardBits);
  readonly #counts = new Uint32Array(1 << shardBits);
  /** Where the last `find` or `enter` led: its table, and where in it the entry begins. */
  table: Uint32Array = new Uint32Array(0);
  at = 0;
  /** Ids that have an entry. */
  size = 0;

  /** `fields`: numbers an entry, at least three. */
  constructor(fields: number) {
    this.#fields = fields;
  }

  /** Whether the id has an entry; `table` and `at` then say where. */
  find(high: number, low: number): boolean {
    return this.#find(mix(high, low), high, low);
  }

  /** Leads to the id's entry, made if need be: then its third number is still 0, and the caller sets it. */
  enter(high: number, low: number): void {
    const hash = mix(high, low);
    if (this.#find(hash, high, low)) return;
    const shard = hash >>> shardShift;
    const count = this.#counts[shard] as number;
    let table = this.#shards[shard];
    if (!table || count >= (table.length / this.#fields) * highestLoad) {
      table = table ? grow(table, this.#fields) : new Uint32Array(startEntries * this.#fields);
      this.#shards[shard] = table;
    }
    this.#counts[shard] = count + 1;
    this.size++;
    this.table = table;
    this.at = placeOf(table, this.#fields, hash, high, low);
    table[this.at] = high;
    table[this.at + 1] = low;
  }

  #find(hash: number, high: number, low: number): boolean {
    const table = this.#shards[hash >>> shardShift];
    if (!table) return false;
    this.table = table;
    this.at = placeOf(table, this.#fields, hash, high, low);
    return table[this.at + 2] !== 0;
  }
}

/** Mixed (murmur3's finaliser), so that ids which only count up are spread too. */
function mix(high: number, low: number): number {
  let hash = low ^ Math.imul(high, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Where the id stands, or the free place where it would. */
function placeOf(table: Uint32Array, fields: number, hash: number, high: number, low: number): number {
  const entries = table.length / fields;
  const spread = (hash << shardBits) >>> 0; // the bits that the shard was not chosen by
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
    const to = placeOf(table, fields, mix(high, low), high, low);
    for (let field = 0; field < fields; field++) table[to + field] = old[from + field] as number;
  }
  (old.buffer as ArrayBuffer).transfer(0); // gives the memory back now, not when the collector gets to it
  return table;
}
