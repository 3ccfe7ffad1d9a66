// Turns bytes into numbered lines, in bounded memory for any input. Returns lines with content, and bad
// lines.
import { isUtf8 } from 'node:buffer';
import { type Failure, failure } from '../errors.ts';

/**
 * A line without surrounding white space; or why it cannot be read, with the part of it that can be shown.
 */
export type Line = { line: number; text: string } | { line: number; failure: Failure; text: string };

/** Longest line, in bytes. */
export const maxLineBytes = 65_536;

const newline = 0x0a;

/**
 * Reads the lines of `input` in batches of about one chunk, counted from 1. Empty lines and lines that begin
 * with `#` are left out. A byte order mark and Windows line ends are removed. Failures: E_LINE_TOO_LONG,
 * E_LINE_ENCODING (not UTF-8, or with a NUL). Keeps one chunk and at most `maxLineBytes` more in memory.
 */
export async function* readLines(input: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let line = 1;
  let rest: Buffer[] = [];
  let room = maxLineBytes + 1; // one byte more than allowed is kept, to detect a line that is too long
  const keep = (bytes: Buffer) => {
    if (room > 0 && bytes.length > 0) rest.push(bytes.subarray(0, room));
    room -= bytes.length;
  };
  for await (const chunk of input) {
    const end = chunk.lastIndexOf(newline);
    if (end >= 0) {
      const block = Buffer.concat([...rest, chunk.subarray(0, end)]);
      if (line === 1 && isUtf16(block)) return yield [utf16(block)];
      const lines = linesOf(block, line);
      line = lines.next;
      yield lines.found;
      [rest, room] = [[], maxLineBytes + 1];
    }
    keep(chunk.subarray(end + 1));
  }
  const block = Buffer.concat(rest);
  yield line === 1 && isUtf16(block) ? [utf16(block)] : linesOf(block, line).found;
}

function linesOf(block: Buffer, first: number): { found: Line[]; next: number } {
  const bytes = first === 1 && hasByteOrderMark(block) ? block.subarray(3) : block;
  const found: Line[] = [];
  let line = first;
  // One check of the whole block makes a check of each line unnecessary for nearly every list.
  const isGood = isUtf8(bytes) && !bytes.includes(0);
  const add = (read: { text: string; failure?: Failure }) => {
    if (read.text !== '' && !read.text.startsWith('#')) found.push({ line, ...read });
    line++;
  };
  if (isGood) for (const text of bytes.toString('utf8').split('\n')) add(readText(text));
  else for (const part of splitBytes(bytes)) add(readBytes(part));
  return { found, next: line };
}

function readText(text: string): { text: string; failure?: Failure } {
  const isLong = text.length * 3 > maxLineBytes && Buffer.byteLength(text) > maxLineBytes;
  return isLong ? tooLong(text) : { text: text.trim() };
}

function readBytes(bytes: Buffer): { text: string; failure?: Failure } {
  const isReadable = isUtf8(bytes) && !bytes.includes(0);
  if (isReadable || bytes.length > maxLineBytes) return readText(bytes.toString('utf8'));
  const detail = bytes.includes(0) ? 'It holds a NUL byte.' : undefined;
  return { text: bytes.toString('utf8').trim(), failure: failure('E_LINE_ENCODING', detail) };
}

function tooLong(text: string): { text: string; failure: Failure } {
  const detail = `At most ${maxLineBytes} bytes are read.`;
  return { text: text.slice(0, 200), failure: failure('E_LINE_TOO_LONG', detail) };
}

function* splitBytes(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
  yield bytes.subarray(start);
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Recognises UTF-16 by its byte order mark. Every line of it would be bad, so it is reported once. */
function isUtf16(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

function utf16(bytes: Buffer): Line {
  const detail = 'The whole list is UTF-16, and none of it was read.';
  return {
    line: 1,
    text: bytes.subarray(0, 100).toString('latin1'),
    failure: failure('E_LINE_ENCODING', detail),
  };
}
