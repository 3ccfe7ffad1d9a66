// A fingerprint of a text by which alike texts are found: simhash with 64 bits over sequences of three words.
// One word in a hundred changed moves about five bits; other texts differ in about 32.

/** A word; scripts that write without blanks have one for each character. */
const word = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|[\p{L}\p{N}\p{M}]+/gu;
const MOST_WORDS = 100_000;
/** Shorter texts say too little. */
const LEAST_SHINGLES = 8;
/** Of a longer text, so many sequences stand for all of it. */
const SKETCH = 256;

export interface TextPrint {
  high: number;
  low: number;
}

/** The sequences of three words as pairs of 32-bit hashes; null for a text that is too short. */
function shinglesOf(text: string): { high: Int32Array; low: Int32Array } | null {
  const hashes: number[] = [];
  for (const [found] of text.toLowerCase().matchAll(word)) {
    hashes.push(fnv(found));
    if (hashes.length === MOST_WORDS) break;
  }
  const size = hashes.length - 2;
  if (size < LEAST_SHINGLES) return null;
  const [high, low] = [new Int32Array(size), new Int32Array(size)];
  for (let at = 0; at < size; at++) {
    const [a, b, c] = [hashes[at] ?? 0, hashes[at + 1] ?? 0, hashes[at + 2] ?? 0];
    high[at] = mixed(mixed(mixed(0x9e3779b9 ^ a) ^ b) ^ c);
    low[at] = mixed(mixed(mixed(0x85ebca6b ^ c) ^ a) ^ b);
  }
  return { high, low };
}

/** Null for a text with fewer than ten words. */
export function simhash(text: string): TextPrint | null {
  const shingles = shinglesOf(text);
  if (shingles === null) return null;
  return { high: majority(shingles.high), low: majority(shingles.low) };
}

/** The smallest hashes of the text's sequences, rising, each once: a sample that is alike for alike texts. */
export function sketchOf(text: string): Int32Array {
  const { low } = shinglesOf(text) ?? { low: new Int32Array() };
  return Int32Array.from(new Set(low.toSorted())).slice(0, SKETCH);
}

/** How much of two texts is the same, from 0 to 1: the share of sequences that both have (Jaccard). */
export function alikeness(a: Int32Array, b: Int32Array): number {
  // Of cut sketches, only the smallest hashes of both together are a fair sample.
  const most = Math.max(a.length, b.length) < SKETCH ? 2 * SKETCH : SKETCH;
  let [i, j, union, both] = [0, 0, 0, 0];
  while ((i < a.length || j < b.length) && union < most) {
    const [x, y] = [a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY];
    if (x === y) both++;
    if (x <= y) i++;
    if (y <= x) j++;
    union++;
  }
  return union === 0 ? 0 : both / union;
}

/** The number of bits in which two fingerprints differ. */
export function distance(a: TextPrint, b: TextPrint): number {
  return bitsIn(a.high ^ b.high) + bitsIn(a.low ^ b.low);
}

export function bitsIn(value: number): number {
  let bits = value - ((value >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function majority(hashes: Int32Array): number {
  const sums = new Int32Array(32);
  for (const hash of hashes)
    for (let bit = 0; bit < 32; bit++) sums[bit] = (sums[bit] ?? 0) + ((hash >>> bit) & 1);
  let result = 0;
  for (let bit = 0; bit < 32; bit++) if (2 * (sums[bit] ?? 0) > hashes.length) result |= 1 << bit;
  return result;
}

/** FNV-1a with 32 bits. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return hash ^ (hash >>> 16);
}
