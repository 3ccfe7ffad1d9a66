// Makes text of the body of a sitemap: decompresses it, applies the size limit and decodes its character set.
// It works piece by piece, so that the whole text of a long file is never in memory.
import { TextDecoder } from '@exodus/bytes/encoding.js';
import { createDecoder } from '../fetch/body/content-coding.ts';
import { isGzip } from '../fetch/body/decode/wrappers.ts';
import { mediaTypeOf } from '../fetch/body/media-type.ts';
import { decodeText } from '../fetch/body/text.ts';

type Pieces = AsyncGenerator<Uint8Array, void>;

/** Called when the rest of a text is left out, with a sentence that says why. */
export type CutShort = (sentence: string) => void;

/** The size of a piece of text. Reading one takes about a millisecond, and at most two or three. */
const pieceBytes = 32 * 1024;
/** The size of a piece of gzip data. Its output is in memory at once and is at most 1,032 times as large. */
const compressedPieceBytes = 8 * 1024;
/** How often gzip is undone. A server may compress a gzip file once more. */
const mostLayers = 2;

/**
 * The text of a body, in pieces, without its byte order mark. Gzip is recognised by its first bytes. Text
 * beyond `maxBytes` (decompressed) and data that cannot be decompressed are left out; `cutShort` is then
 * called. Never throws, whatever the body contains.
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

/** Cuts a body into pieces. */
async function* piecesOf(body: Uint8Array): Pieces {
  const mostBytes = isGzip(body) ? compressedPieceBytes : pieceBytes;
  for (let at = 0; at < body.length; at += mostBytes) yield body.subarray(at, at + mostBytes);
}

/** Joins the first pieces, until they are long enough to recognise gzip and the character set. */
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

/**
 * Decompresses as much of damaged data as possible. It waits for the output of each piece before it writes
 * the next, so that little of it is in memory.
 */
class Gunzip {
  isOver = false;
  readonly #decoder = createDecoder('gzip', true);
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

  /** Writes a piece and returns its output. */
  async write(piece: Uint8Array): Promise<Uint8Array[]> {
    // After an error the stream is closed, and may not call back.
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

/**
 * The character set that `decodeText` finds in the first piece. The sample ends with an ASCII character, so
 * that it contains no half of a character.
 */
function charsetOf(sample: Uint8Array, contentType: string): string {
  const end = sample.findLastIndex((byte) => byte < 0x80) + 1;
  const start = sample.subarray(0, end || sample.length);
  const { charset } = decodeText(start, mediaTypeOf(contentType, start));
  const isUtf16 = charset.startsWith('utf-16');
  // Some servers name UTF-16 but send UTF-8, which has no zero bytes. The encoding "replacement" decodes
  // nothing.
  return charset === 'replacement' || (isUtf16 && !sample.includes(0)) ? 'utf-8' : charset;
}
