// zstd: all frames of a body, one after the other. Node's decoder stops after the first one, without an
// error, unless each piece of data ends where a frame ends.
import zlib from 'node:zlib';
import { Decoder } from './decoder.ts';
import { outputPiece } from './engine.ts';
import { CodingError, type Rule, Walk } from './walk.ts';

/** A decoder of web content must support a window of 8 MiB, and servers may not use more (RFC 9659). */
export const zstdOptions = { params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } };

/** One frame (RFC 8878 section 3.1): where it ends follows from its headers, without decoding. */
export class Frame {
  /** Skippable frames have no content (section 3.1.2). */
  isSkippable = false;
  /** The last block has come: only the checksum may follow. */
  hasContent = false;
  readonly walk = new Walk(this.#rule());

  *#rule(): Rule {
    const first = yield 1;
    this.isSkippable = first >> 4 === 5;
    if (!this.isSkippable && first !== 0x28) throw new CodingError('bytes that are no zstd frame');
    for (const byte of this.isSkippable ? [0x2a, 0x4d, 0x18] : [0xb5, 0x2f, 0xfd])
      if ((yield 1) !== byte) throw new CodingError('bytes that are no zstd frame');
    if (this.isSkippable) yield* skippable();
    else yield* this.#standard();
  }

  *#standard(): Rule {
    const descriptor = yield 1;
    yield* passed(restOfHeader(descriptor));
    while (!this.hasContent) {
      const low = yield 1;
      const middle = yield 1;
      const header = low + 256 * middle + 65_536 * (yield 1);
      const type = (header >> 1) & 3;
      if (type === 3) throw new CodingError('a zstd block of the reserved type');
      yield* passed(type === repeated ? 1 : header >> 3);
      this.hasContent = (header & 1) === 1;
    }
    if (descriptor & 4) yield 4;
  }
}

/** The type of a block that is one byte, repeated (RFC 8878 section 3.1.1.2.2). */
const repeated = 1;

/** The bytes of the frame header behind its descriptor (RFC 8878 section 3.1.1.1.1). */
function restOfHeader(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const window = isSingleSegment ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  return window + dictionary + contentSize;
}

function* skippable(): Rule {
  let bytes = 0;
  for (const factor of [1, 2 ** 8, 2 ** 16, 2 ** 24]) bytes += factor * (yield 1);
  yield* passed(bytes);
}

function* passed(bytes: number): Rule {
  if (bytes > 0) yield bytes;
}

/** Whether the data is one frame with content, and nothing else. */
export function isOneFrame(data: Uint8Array): boolean {
  try {
    const frame = new Frame();
    return frame.walk.take(data) === data.length && frame.walk.isOver && !frame.isSkippable;
  } catch {
    return false;
  }
}

/** Joins the frames and passes over skippable ones. Other bytes between or behind them are an error. */
export class ZstdDecoder extends Decoder {
  #frame: Frame | null = null;

  protected override async decode(data: Buffer): Promise<void> {
    const engine = this.engine ?? this.start(zlib.createZstdDecompress({ ...zstdOptions, ...outputPiece }));
    for (let at = 0; at < data.length; ) {
      if (!this.#frame) this.countPart();
      this.#frame ??= new Frame();
      const piece = data.subarray(at, at + this.#frame.walk.take(data, at));
      if ((await engine.write(piece)) < piece.length) throw new CodingError('a zstd frame that ends early');
      if (this.#frame.walk.isOver) this.#frame = null;
      at += piece.length;
    }
  }

  protected override async complete(): Promise<void> {
    await this.engine?.drained();
    if (this.#frame && !this.#frame.hasContent) throw new CodingError('it ends within a zstd frame', true);
  }
}
