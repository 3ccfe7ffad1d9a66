// The highest take of each id, for millions of ids: open addressing in typed arrays, about 18 bytes an id.

const shardBits = 8;
const fieldsPerEntry = 3; // high, low, take + 1 (0: free)
const startEntries = 16;
const highestLoad = 0.8;
const growth = 1.5;
const claimed = 0xffff_ffff;

/**
 * Split by the first bits of the id into 256 tables that grow each for itself: growing copies little at a time, so the
 * peak stays near the size. Ids are two unsigned 32-bit halves, taken to be evenly spread (fingerprints, hashes).
 */
export class TakeTable {
  readonly #shards: (Uint32Array | undefined)[] = new Array(1 << shardBits);
  readonly #counts = new Uint32Array(1 << shardBits);

  /** Notes a take; the highest stays. */
  raise(high: number, low: number, take: number): void {
    const shard = high >>> (32 - shardBits);
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
    const table = this.#shards[high >>> (32 - shardBits)];
    if (!table) return false;
    const at = find(table, high, low);
    if (table[at + 2] !== take + 1) return false;
    table[at + 2] = claimed;
    return true;
  }
}

/** Where the id stands, or the free place where it would. The lower half spreads the ids of a shard over any table size. */
function find(table: Uint32Array, high: number, low: number): number {
  const entries = table.length / fieldsPerEntry;
  let at = Math.floor((low / 0x1_0000_0000) * entries) * fieldsPerEntry;
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
    table.set(old.subarray(from, from + fieldsPerEntry), to);
  }
  return table;
}
