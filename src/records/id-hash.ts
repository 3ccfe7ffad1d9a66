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
function hashToken(bytes: Uint8Array, start: number, end: number, basis: number): number {
  let hash = basis;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The two halves of an id, as LineHead reads them: its value if it is 16 hex digits, else a hash. */
export function idHalves(id: string): { high: number; low: number } {
  if (/^[0-9a-f]{16}$/.test(id))
    return { high: Number.parseInt(id.slice(0, 8), 16), low: Number.parseInt(id.slice(8), 16) };
  return hashedHalves(Buffer.from(id), 0, Buffer.byteLength(id));
}

export function hashedHalves(bytes: Uint8Array, start: number, end: number): { high: number; low: number } {
  return {
    high: hashToken(bytes, start, end, 0x811c9dc5),
    low: hashToken(bytes, start, end, 0x1b873593),
  };
}
