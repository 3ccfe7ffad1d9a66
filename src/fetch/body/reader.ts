// Reads the body of an answer and decompresses it. At most `maxBytes` are kept, however much the server
// sends.
import type { Transform } from 'node:stream';
import { type Failure, failure } from '../../errors.ts';
import { type Coding, codingsOf, createDecoder, decodeAtOnce, mostCodings } from './content-coding.ts';
import { CodingError } from './decode/walk.ts';

/**
 * A compressed body up to this size is collected first and then decompressed in one call. This takes a fifth
 * of the processor time of a stream. A larger body goes through a stream, which stops as soon as its output
 * exceeds `maxBytes`.
 */
const atOnceBytes = 64 * 1024;

export interface BodyEvents {
  /** Called with the decoded body. `cut` is true if the body was longer and its end has not been read. */
  done(body: Buffer, cut: boolean): void;
  failed(failure: Failure): void;
  /**
   * Called when data arrives faster than it is decompressed: the sender of `push` should wait for `resume`.
   */
  pause(): void;
  resume(): void;
}

/** What the header of the answer says of its body. */
export interface BodyHeaders {
  readonly encoding?: string | undefined;
  readonly contentLength?: string | undefined;
  /** HTTP says where the body ends: it does not end with the connection. */
  readonly endsItself?: boolean;
}

export interface BodyLimits {
  /** Size limit of the decoded body. */
  readonly maxBytes: number;
  /** True: a longer body is cut off at the limit. False: a longer body fails with E_TOO_LARGE. */
  readonly truncate: boolean;
  /** The body is put together in shared memory, so that threads can read it without a copy. */
  readonly isShared: boolean;
}

/**
 * Takes the pieces of one body as they arrive. Calls `done` or `failed` exactly once, unless `stop` is called
 * first.
 */
export class BodyReader {
  readonly #codings: Coding[];
  readonly #unknownCodings: string[];
  readonly #endsItself: boolean;
  readonly #limits: BodyLimits;
  readonly #events: BodyEvents;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #decoders: Transform[] = [];
  #ended = false;

  /** Fails at once if `contentLength` announces an uncompressed body over the limit. */
  constructor(headers: BodyHeaders, limits: BodyLimits, events: BodyEvents) {
    const { known, unknown } = codingsOf(headers.encoding);
    this.#codings = known;
    this.#unknownCodings = unknown;
    this.#endsItself = headers.endsItself ?? false;
    this.#limits = limits;
    this.#events = events;
    if (this.#codings.length > mostCodings) {
      this.#fail(failure('E_BODY_ENCODING', `${this.#codings.length} codings.`));
    } else if (
      known.length === 0 &&
      unknown.length === 0 &&
      Number(headers.contentLength) > limits.maxBytes &&
      !limits.truncate
    ) {
      this.#fail(tooLarge(limits.maxBytes));
    }
  }

  push(chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#unknownCodings.length > 0 && chunk.length > 0) {
      // An empty body has no coding, so this waits for the first bytes.
      this.#fail(failure('E_BODY_CODING', `${this.#unknownCodings.join(', ').slice(0, 100)}.`));
      return;
    }
    const [first] = this.#decoders;
    if (first) {
      if (!first.write(chunk)) this.#pauseFor(first);
      return;
    }
    this.#keep(chunk);
    if (this.#codings.length > 0 && this.#bytes > this.#atOnceBytes()) this.push(this.#startDecoders());
  }

  /** To be called after the last piece. */
  finish(): void {
    if (this.#ended) return;
    const [first] = this.#decoders;
    if (first) first.end();
    else this.#decodeAtOnce();
  }

  /** Ends the reading without a result. Neither `done` nor `failed` is called afterwards. */
  stop(): void {
    this.#ended = true;
    this.#chunks = [];
    for (const decoder of this.#decoders) decoder.destroy();
  }

  #atOnceBytes(): number {
    return this.#limits.truncate ? 0 : atOnceBytes;
  }

  /** Keeps a piece of the body: decoded, or still compressed while it may be decompressed in one call. */
  #keep(chunk: Buffer): void {
    const { maxBytes, truncate } = this.#limits;
    const compressed = this.#codings.length > 0 && this.#decoders.length === 0;
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
    if (compressed || this.#bytes <= maxBytes) return;
    if (truncate) this.#done(true);
    else this.#fail(tooLarge(maxBytes));
  }

  #decodeAtOnce(): void {
    let body: Buffer | null = this.#joined();
    try {
      // An empty body is not compressed, whatever the header says. Answers to HEAD have such a header too.
      for (const coding of body.length === 0 ? [] : this.#codings.toReversed()) {
        body = body && decodeAtOnce(coding, body, this.#limits.maxBytes);
      }
    } catch (error) {
      this.#fail(this.#failureOf(error as NodeJS.ErrnoException));
      return;
    }
    if (body) {
      this.#chunks = [body];
      this.#done(false);
    } else {
      const whole = this.#startDecoders();
      this.#decoders[0]?.end(whole);
    }
  }

  /** Makes the decoders. Returns what has come so far, to be written to the first of them. */
  #startDecoders(): Buffer {
    const start = this.#joined();
    this.#chunks = [];
    this.#bytes = 0;
    this.#decoders = this.#codings.toReversed().map((coding) => createDecoder(coding, this.#endsItself));
    for (const [index, decoder] of this.#decoders.entries()) {
      decoder.on('error', (error) => this.#fail(this.#failureOf(error)));
      const next = this.#decoders[index + 1];
      if (next) decoder.pipe(next);
    }
    const last = this.#decoders.at(-1);
    last?.on('data', (chunk: Buffer) => {
      if (!this.#ended) this.#keep(chunk);
    });
    last?.once('end', () => {
      if (!this.#ended) this.#done(false);
    });
    return start;
  }

  #pauseFor(decoder: Transform): void {
    this.#events.pause();
    decoder.once('drain', () => {
      if (!this.#ended) this.#events.resume();
    });
  }

  #joined(): Buffer {
    const [only] = this.#chunks;
    return only && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks, this.#bytes);
  }

  #done(cut: boolean): void {
    const body = this.#limits.isShared ? inSharedMemory(this.#chunks) : this.#joined();
    this.stop();
    this.#events.done(cut ? body.subarray(0, this.#limits.maxBytes) : body, cut);
  }

  #fail(reason: Failure): void {
    if (this.#ended) return;
    this.stop();
    this.#events.failed(reason);
  }

  #failureOf(error: NodeJS.ErrnoException): Failure {
    if (error.code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(this.#limits.maxBytes);
    const isCutOff = error instanceof CodingError && error.isCutOff;
    const detail = `${this.#codings.join(', ')}: ${error.code ?? error.message}.`;
    return failure(isCutOff ? 'E_BODY_TRUNCATED' : 'E_BODY_ENCODING', detail);
  }
}

/** Costs as much as to put the pieces together in memory of this thread alone. */
function inSharedMemory(chunks: readonly Buffer[]): Buffer {
  const body = Buffer.from(new SharedArrayBuffer(chunks.reduce((sum, { length }) => sum + length, 0)));
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function tooLarge(maxBytes: number): Failure {
  return failure('E_TOO_LARGE', `Limit ${maxBytes} bytes.`);
}
