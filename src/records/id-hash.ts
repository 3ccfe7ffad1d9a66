// Reads a record's id as 64 bits, in two halves, directly from the bytes of a line.

const digits = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) digits['0123456789abcdef'.charCodeAt(value)] = value;

/**
 * Reads eight lower-case hex digits as an unsigned number. Returns -1 if one of the bytes is no such digit.
 */
export function hexTo32(bytes: Uint8Array, start: number): number {
  let value = 0;
  for (let at = start; at < start + 8; at++) {
    const digit = digits[bytes[at] as number] as number;
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value >>> 0;
}

/**
 * A hash of the bytes in [start, end) as an unsigned number: FNV-1a with the given basis, then murmur3's
 * finaliser.
 */
export function hashToken(bytes: Uint8Array, start: number, end: number, basis: number): number {
  let hash = basis;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
