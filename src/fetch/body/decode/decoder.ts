// A stream that undoes one coding with runs of zlib, and keeps them from getting ahead of the reader.
import { Transform, type TransformCallback } from 'node:stream';
import { Engine } from './engine.ts';
import { CodingError } from './walk.ts';

/** More members or frames in one body are refused: one costs up to 0.2 ms, and real bodies have a few. */
const mostParts = 2_000;

/** Fails with a CodingError or an error of zlib. All that was decoded before has then been passed on. */
export abstract class Decoder extends Transform {
  protected engine: Engine | null = null;
  #parts = 0;

  /** Takes a piece of the data. */
  protected abstract decode(data: Buffer): Promise<void>;
  /** Called when no more data comes. Throws if something of it is missing. */
  protected abstract complete(): Promise<void>;

  /** Begins a run. `observe` sees its output. */
  protected start(
    stream: ConstructorParameters<typeof Engine>[0],
    observe?: (piece: Buffer) => void,
  ): Engine {
    const engine = new Engine(stream, (piece) => {
      observe?.(piece);
      if (!this.push(piece)) engine.pause();
    });
    this.engine = engine;
    return engine;
  }

  protected countPart(): void {
    this.#parts++;
    if (this.#parts > mostParts) throw new CodingError(`more than ${mostParts} parts`);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.decode(chunk).then(() => callback(), callback);
  }

  override _flush(callback: TransformCallback): void {
    this.complete().then(() => callback(), callback);
  }

  override _read(size: number): void {
    this.engine?.resume();
    super._read(size);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.engine?.destroy();
    callback(error);
  }
}
