// One run of zlib, brotli or zstd: how much of the data it took, and where the data ended.
import { once } from 'node:events';
import type zlib from 'node:zlib';

type ZlibStream = zlib.InflateRaw | zlib.BrotliDecompress | zlib.ZstdDecompress;

/** The size of a piece of output. Fewer, larger pieces cost less time than zlib's 16 KiB. */
export const outputPiece = { chunkSize: 64 * 1024 };

export class Engine {
  /** True when the data has said that it is over, and all output has been passed on. */
  isOver = false;
  readonly #stream: ZlibStream;
  #isProbed = false;
  #probeBytes = 0;
  #settle: (error?: Error | null) => void = () => undefined;

  /** `output` gets the decoded data, piece by piece. */
  constructor(stream: ZlibStream, output: (piece: Buffer) => void) {
    this.#stream = stream;
    stream.on('data', (piece: Buffer) => {
      if (this.#isProbed) this.#probeBytes += piece.length;
      else output(piece);
    });
    stream.once('end', () => {
      this.isOver = true;
      this.#settle();
    });
    stream.on('error', (error) => this.#settle(error));
  }

  /**
   * Resolves with the number of bytes that were taken. They are fewer than given if the data ends before.
   * Data that ends with the last byte given is known to be over only when more is written. Rejects with the
   * errors of zlib. Never settles after `destroy`.
   */
  async write(data: Uint8Array): Promise<number> {
    if (this.isOver) return 0;
    const before = this.#stream.bytesWritten;
    await new Promise<void>((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
      // Node does not call back for a piece in which the data ends: then the end of the stream settles.
      this.#stream.write(data, this.#settle);
    });
    return this.#stream.bytesWritten - before;
  }

  /**
   * Writes bytes that are not of the data, to see where it stands. Their output is not passed on. Resolves
   * with the number of bytes taken and of their output, or with null if they are an error. Nothing may be
   * written afterwards.
   */
  async probe(bytes: Uint8Array): Promise<{ taken: number; output: number } | null> {
    await this.drained();
    this.#isProbed = true;
    try {
      const taken = await this.write(bytes);
      await this.drained();
      return { taken, output: this.#probeBytes };
    } catch {
      return null;
    }
  }

  /** Resolves when all that has been decoded so far has been passed on. */
  async drained(): Promise<void> {
    while (this.#stream.readableLength > 0) await once(this.#stream, 'data');
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
