// Bytes to numbered lines, in bounded memory whatever the bytes are: the lines that say something, and the bad ones.
import { isUtf8 } from 'node:buffer';
import { type Failure, failure } from '../errors.ts';

/** A line without the white space around it, or why it cannot be read, with what can be shown of it. */
export type Line = { line: number; text: string } | { line: number; failure: Failure; text: string };

/** Of one line, in bytes. */
export const maxLineBytes = 65_536;

const newline = 0x0a;

/**
 * The lines of `input` in batches of about one chunk, counted from 1. Left out: empty lines and those that begin with
 * `#`. A byte order mark and Windows line ends are taken off. Failures: E_LINE_TOO_LONG, E_LINE_ENCODING (not UTF-8,
 * or with a NUL). Holds one chunk and at most `maxLineBytes` more.
 */
export async function* readLines(input: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let line = 1;
  let rest: Buffer[] = [];
  let room = maxLineBytes + 1; // one byte more than allowed is kept of a line, so that it is seen to be too long
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
  // One look at the whole block spares nearly every list a look at each line.
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

/** Told by its byte order mark. Each of its lines would be bad, so it is named once. */
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
