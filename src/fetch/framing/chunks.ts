// Follows the chunks of a body (RFC 9112 section 7.1) from line to line, and writes those lines anew that are
// not as they should be. Data passes as it is.
import { parseError } from './rewrite-head.ts';

const LF = 10;
/** Limit of one line, and of all trailers together. */
const mostLineBytes = 16 * 1024;
const mostTrailerBytes = 64 * 1024;

const plainSize = /^[0-9a-f]{1,13}(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n$/i;
const readableSize = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i;
const plainTrailer = /^[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r\n$/;

/** The chunks of one body. Pieces go in as they come, and come out so that Node's parser takes them. */
export class Chunks {
  /** Whether a line had to be written anew. */
  isOdd = false;
  /** The kind of line that comes next, or comes after the data. */
  #next: 'size' | 'end of data' | 'trailer' | 'nothing' = 'size';
  #dataLeft = 0;
  /** The beginning of a line whose end has not come. */
  #line: Buffer | null = null;
  #trailerBytes = 0;

  /** Throws an error with the code of Node's parser when what comes cannot be read. */
  take(piece: Buffer): Buffer {
    const out: Buffer[] = [];
    /** Everything before it is in `out`. */
    let written = 0;
    let at = 0;
    while (at < piece.length && this.#next !== 'nothing') {
      if (this.#dataLeft > 0) {
        const data = Math.min(this.#dataLeft, piece.length - at);
        this.#dataLeft -= data;
        at += data;
        continue;
      }
      const end = piece.indexOf(LF, at) + 1;
      const came = piece.subarray(at, end === 0 ? piece.length : end);
      const isWhole = end > 0 && this.#line === null;
      const line = this.#line ? Buffer.concat([this.#line, came]) : came;
      if (line.length > mostLineBytes) throw parseError('HPE_INVALID_CHUNK_SIZE', 'a line without end');
      this.#line = end === 0 ? line : null;
      const text = line.toString('latin1');
      const read = end === 0 ? '' : this.#read(text);
      if (!isWhole || read !== text) {
        out.push(piece.subarray(written, at), Buffer.from(read, 'latin1'));
        written = at + came.length;
      }
      at += came.length;
    }
    if (written === 0 && out.length === 0) return piece;
    out.push(piece.subarray(written));
    return Buffer.concat(out);
  }

  /** What has been held back: a line that will not end any more. */
  rest(): Buffer | null {
    return this.#line;
  }

  /** Takes one line, and returns it as it is to be passed on. */
  #read(line: string): string {
    switch (this.#next) {
      case 'size':
        return this.#readSize(line);
      case 'end of data':
        this.#next = 'size';
        return this.#readEmpty(line) ?? fail('HPE_STRICT', 'a chunk is longer than it says');
      case 'trailer':
        return this.#readTrailer(line);
      default:
        return line;
    }
  }

  #readSize(line: string): string {
    const isPlain = plainSize.test(line);
    const digits = readableSize.exec(isPlain ? line.trimEnd() : line.replace(/\r?\n$/, ''))?.[1];
    if (digits === undefined) return fail('HPE_INVALID_CHUNK_SIZE', 'the size of a chunk is no number');
    this.#dataLeft = Number.parseInt(digits, 16);
    this.#next = this.#dataLeft === 0 ? 'trailer' : 'end of data';
    if (isPlain) return line;
    this.isOdd = true;
    return `${digits}\r\n`;
  }

  /** Trailers are left out: nobody reads them. */
  #readTrailer(line: string): string {
    const empty = this.#readEmpty(line);
    if (empty !== null) {
      this.#next = 'nothing';
      return empty;
    }
    this.#trailerBytes += line.length;
    if (this.#trailerBytes > mostTrailerBytes)
      return fail('HPE_HEADER_OVERFLOW', 'the trailers are too long');
    if (!plainTrailer.test(line)) this.isOdd = true;
    return '';
  }

  #readEmpty(line: string): string | null {
    if (line === '\r\n') return line;
    if (line !== '\n') return null;
    this.isOdd = true;
    return '\r\n';
  }
}

function fail(code: string, message: string): never {
  throw parseError(code, message);
}
