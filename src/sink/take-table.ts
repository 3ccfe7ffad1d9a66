// The highest take of each id, for millions of ids: open addressing in typed arrays, 15 to 19 bytes an id.

const shardBits = 8;
const fieldsPerEntry = 3; // high, low, take + 1 (0: free)
const startEntries = 16;
const highestLoad = 0.8;
const growth = 1.25;
const claimed = 0xffff_ffff;

/**
 * Split into 256 tables that grow each for itself: growing copies little at a time, so the peak stays near the size.
 * Ids are two unsigned 32-bit halves.
 */
export class TakeTable {
  readonly #shards: (Uint32Array | undefined)[] = new Array(1 << shardBits);
  readonly #counts = new Uint32Array(1 << shardBits);

  /** Notes a take; the highest stays. */
  raise(high: number, low: number, take: number): void {
    const shard = shardOf(high, low);
    let table = this.#shards[shard];
    if (!table) {
      table = new Uint32Array(startEntries * fieldsPerEntry);
      this.#shards[shard] = table;
    }
    let at = find(table, high, low);
    if (table[at + 2] === 0) {
      if ((this.#counts[shard] as number) >= (table.length / fieldsPerEntry) * highestLoad) {
        table = grow(table);
        this.#shards[shard] = table;
        at = find(table, high, low);
      }
      this.#counts[shard] = (this.#counts[shard] as number) + 1;
      table[at] = high;
      table[at + 1] = low;
    }
    if (take + 1 > (table[at + 2] as number)) table[at + 2] = take + 1;
  }

  /** True for the highest take of the id, the first time that it is asked for; after that never again. */
  claim(high: number, low: number, take: number): boolean {
    const table = this.#shards[shardOf(high, low)];
    if (!table) return false;
    const at = find(table, high, low);
    if (table[at + 2] !== take + 1) return false;
    table[at + 2] = claimed;
    return true;
  }
}

/** Mixed (murmur3's finaliser), so that ids which only count up are spread too. */
function mix(high: number, low: number): number {
  let hash = low ^ Math.imul(high, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const shardOf = (high: number, low: number) => mix(high, low) >>> (32 - shardBits);

/** Where the id stands, or the free place where it would. */
function find(table: Uint32Array, high: number, low: number): number {
  const entries = table.length / fieldsPerEntry;
  const spread = (mix(high, low) << shardBits) >>> 0; // the bits that the shard was not chosen by
  let at = Math.floor((spread / 0x1_0000_0000) * entries) * fieldsPerEntry;
  while (table[at + 2] !== 0 && (table[at] !== high || table[at + 1] !== low)) {
    at += fieldsPerEntry;
    if (at === table.length) at = 0;
  }
  return at;
}

function grow(old: Uint32Array): Uint32Array {
  const table = new Uint32Array(Math.ceil((old.length / fieldsPerEntry) * growth) * fieldsPerEntry);
  for (let from = 0; from < old.length; from += fieldsPerEntry) {
    if (old[from + 2] === 0) continue;
    const to = find(table, old[from] as number, old[from + 1] as number);
    table[to] = old[from] as number;
    table[to + 1] = old[from + 1] as number;
    table[to + 2] = old[from + 2] as number;
  }
  (old.buffer as ArrayBuffer).transfer(0); // gives the memory back now, not when the collector gets to it
  return table;
}
