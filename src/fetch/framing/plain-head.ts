// Finds the end of an answer's head and tells whether the head is plain: as RFC 9112 wants it, and with a
// framing that can be read in one way only. Runs for every answer, so it makes no strings.

/** What a plain head says of what follows it. */
export interface PlainHead {
  readonly status: number;
  readonly chunked: boolean;
}

const CR = 13;
const LF = 10;
const SPACE = 32;
const COLON = 58;
const ZERO = 48;

const bytesOf = (allowed: RegExp) =>
  Uint8Array.from({ length: 256 }, (_, code) => (allowed.test(String.fromCharCode(code)) ? 1 : 0));
/** RFC 9110 section 5.6.2. */
const inToken = bytesOf(/[!#$%&'*+.^_`|~0-9A-Za-z-]/);
/** RFC 9110 section 5.5. */
const inValue = bytesOf(/[\t\x20-\x7e\x80-\xff]/);

const start = Buffer.from('HTTP/1.');
const contentLength = Buffer.from('content-length');
const transferEncoding = Buffer.from('transfer-encoding');
const chunked = Buffer.from('chunked');
/** A longer number could not be told from its neighbours. */
const mostDigits = 15;

/**
 * The index after the first empty line, or -1. Lines may end with LF alone. `from`: where the search begins;
 * an earlier one has looked at all before it, except for the last three bytes.
 */
export function endOfHead(bytes: Buffer, from = 0): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

/** What a head says if it is plain, else null. The head is `bytes` up to `end`, its empty line included. */
export function plainHead(bytes: Buffer, end: number): PlainHead | null {
  const isOld = bytes[7] === ZERO;
  if (!has(bytes, 0, start) || !(isOld || bytes[7] === ZERO + 1) || bytes[8] !== SPACE) return null;
  const status = numberIn(bytes, 9, 12);
  if (status < 100 || !(bytes[12] === SPACE || bytes[12] === CR)) return null;
  let at = endOfValue(bytes, 12);
  let lengths = 0;
  let codings = 0;
  for (; at > 0 && bytes[at] !== CR; ) {
    const name = at;
    while (inToken[bytes[at] as number] === 1) at++;
    const size = at - name;
    if (size === 0 || bytes[at] !== COLON) return null;
    const value = at + 1;
    at = endOfValue(bytes, value);
    if (at < 0) return null;
    if (size === contentLength.length && has(bytes, name, contentLength)) {
      if (++lengths > 1 || !isLength(bytes, value, at - 2)) return null;
    } else if (size === transferEncoding.length && has(bytes, name, transferEncoding)) {
      if (++codings > 1 || isOld || !isChunked(bytes, value, at - 2)) return null;
    }
  }
  if (at < 0 || at + 2 !== end || bytes[at + 1] !== LF || lengths + codings > 1) return null;
  return { status, chunked: codings === 1 };
}

/** The index after the line whose value begins at `at`, or -1 if it has a byte that it must not have. */
function endOfValue(bytes: Buffer, at: number): number {
  while (inValue[bytes[at] as number] === 1) at++;
  return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : -1;
}

/** Whether this text, given in lower case, stands there in any case. */
function has(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let index = 0; index < text.length; index++) {
    const byte = bytes[at + index] as number;
    const wanted = text[index] as number;
    if (byte !== wanted && (byte | 0x20) !== wanted) return false;
  }
  return true;
}

function isLength(bytes: Buffer, from: number, to: number): boolean {
  const first = withoutSpaces(bytes, from);
  return to - first <= mostDigits && numberIn(bytes, first, to) >= 0;
}

function isChunked(bytes: Buffer, from: number, to: number): boolean {
  const first = withoutSpaces(bytes, from);
  return to - first === chunked.length && has(bytes, first, chunked);
}

/** A blank behind a value is allowed, but Node's parser takes a tab for a part of it. So it is not plain. */
function withoutSpaces(bytes: Buffer, from: number): number {
  while (bytes[from] === SPACE) from++;
  return from;
}

/** The number that these bytes are the digits of; -1 if there is none. */
function numberIn(bytes: Buffer, from: number, to: number): number {
  let number = from < to ? 0 : -1;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}
