// From the body of a sitemap to its text: decompressed, within the limit, in the character set that it is written in; piece by
// piece, so that neither a gzip bomb nor a long file is ever in memory as a whole.
import { TextDecoder } from '@exodus/bytes/encoding.js';
import { createDecoder } from '../fetch/body/content-coding.ts';
import { decodeText } from '../fetch/body/text.ts';

type Pieces = AsyncGenerator<Uint8Array, void>;

/** Says in a sentence why the text ends before its end. */
export type CutShort = (sentence: string) => void;

/** About a millisecond of work for a reader, two or three at worst. */
const pieceBytes = 32 * 1024;
/** Of gzip: what comes out is at most 1,032 times as much, and is in memory. */
const compressedPieceBytes = 8 * 1024;
/** What zlib finds wrong costs the output of the piece that it is in; the checksum, or what follows it, is in the last bytes. */
const lastBytes = 256;
const gzipHeaderBytes = 10;
/** A gzip file, which a server may have compressed once more. */
const mostLayers = 2;

/**
 * The text of a body, in pieces; without its byte order mark. Gzip is told by its first bytes. More than `maxBytes` of
 * decompressed text, and what cannot be decompressed, are left out: `cutShort` is told. Never throws for what is in the body.
 */
export async function* sitemapText(
  body: Uint8Array,
  contentType: string,
  maxBytes: number,
  cutShort: CutShort,
): AsyncGenerator<string, void> {
  let pieces = piecesOf(body);
  for (let layer = 0; layer < mostLayers; layer++) {
    pieces = limited(withSample(decompressed(pieces, cutShort)), maxBytes, cutShort);
  }
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  for await (const piece of pieces) {
    decoder ??= new TextDecoder(charsetOf(piece, contentType));
    yield decoder.decode(piece, { stream: true });
  }
  if (decoder) yield decoder.decode();
}

/** The last of gzip byte by byte, but never its first, by which it is told. */
async function* piecesOf(body: Uint8Array): Pieces {
  const isCompressed = isGzip(body);
  const mostBytes = isCompressed ? compressedPieceBytes : pieceBytes;
  const wholeUntil = isCompressed ? Math.max(body.length - lastBytes, gzipHeaderBytes) : body.length;
  for (let at = 0; at < body.length; ) {
    const end = at < wholeUntil ? Math.min(at + mostBytes, wholeUntil) : at + 1;
    yield body.subarray(at, end);
    at = end;
  }
}

/** RFC 1952 section 2.3.1. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The first pieces joined until they are enough to tell gzip and a character set by. */
async function* withSample(pieces: Pieces): Pieces {
  const start: Uint8Array[] = [];
  let missingBytes = pieceBytes;
  for await (const piece of pieces) {
    if (missingBytes <= 0) {
      yield piece;
      continue;
    }
    start.push(piece);
    missingBytes -= piece.length;
    if (missingBytes <= 0) yield Buffer.concat(start.splice(0));
  }
  if (start.length > 0) yield Buffer.concat(start);
}

async function* limited(pieces: Pieces, maxBytes: number, cutShort: CutShort): Pieces {
  let leftBytes = maxBytes;
  for await (const piece of pieces) {
    if (piece.length > leftBytes) {
      if (leftBytes > 0) yield piece.subarray(0, leftBytes);
      cutShort(`It is longer than ${maxBytes} bytes: the rest is not read.`);
      return;
    }
    leftBytes -= piece.length;
    yield piece;
  }
}

async function* decompressed(pieces: Pieces, cutShort: CutShort): Pieces {
  let gunzip: Gunzip | null = null;
  let isFirst = true;
  try {
    for await (const piece of pieces) {
      if (isFirst && isGzip(piece)) gunzip = new Gunzip(cutShort);
      isFirst = false;
      if (gunzip) yield* await gunzip.write(piece);
      else yield piece;
      if (gunzip?.isOver) return;
    }
    if (gunzip) yield* await gunzip.end();
  } finally {
    gunzip?.stop();
  }
}

/** Gives all that can be had of a stream: each piece is waited for before the next goes in, so that an error costs one alone. */
class Gunzip {
  isOver = false;
  readonly #decoder = createDecoder('gzip', null);
  readonly #over: Promise<unknown>;
  #output: Uint8Array[] = [];

  constructor(cutShort: CutShort) {
    this.#decoder.on('data', (piece: Uint8Array) => this.#output.push(piece));
    this.#decoder.on('error', (error) =>
      cutShort(`Its gzip stream breaks off or is damaged (${error.message}).`),
    );
    this.#over = new Promise((resolve) => this.#decoder.once('end', resolve).once('close', resolve)).then(
      () => {
        this.isOver = true;
      },
    );
  }

  /** What comes out because of the piece. */
  async write(piece: Uint8Array): Promise<Uint8Array[]> {
    // zlib answers no write of what follows the stream: it ends.
    await Promise.race([new Promise((resolve) => this.#decoder.write(piece, resolve)), this.#over]);
    return this.#take();
  }

  async end(): Promise<Uint8Array[]> {
    this.#decoder.end();
    await this.#over;
    return this.#take();
  }

  stop(): void {
    this.#decoder.destroy();
  }

  #take(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }
}

/** As `decodeText` finds it in the first piece, which is cut behind a character of ASCII: no character is halved. */
function charsetOf(sample: Uint8Array, contentType: string): string {
  const end = sample.findLastIndex((byte) => byte < 0x80) + 1;
  const { charset } = decodeText(sample.subarray(0, end || sample.length), contentType);
  const isUtf16 = charset.startsWith('utf-16');
  // Some servers name UTF-16 because their strings are, and send UTF-8. "replacement" decodes nothing.
  return charset === 'replacement' || (isUtf16 && !sample.includes(0)) ? 'utf-8' : charset;
}
