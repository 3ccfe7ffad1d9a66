// Stands between a socket and Node's parser. Every head passes through it: a plain one as it is, any other
// written anew as browsers read it. After an answer that was not plain, the connection is not used again,
// because two readers could take a different part of it for the next answer.
import type { Duplex } from 'node:stream';
import { Chunks } from './chunks.ts';
import { endOfHead, plainHead } from './plain-head.ts';
import { mayBeHead, mostBefore, parseError, type RewrittenHead, rewriteHead } from './rewrite-head.ts';

/** Larger heads are refused. Node's default limit is 16 KiB, but real sites send more than that. */
export const maxHeadBytes = 64 * 1024;

/** After the likely length of a body without a valid one, so long without a byte ends it. */
const silenceMs = 1000;

const gates = new WeakMap<Duplex, AnswerGate>();

/** Lets everything that the socket receives pass through a gate. To be called once, before any answer. */
export function guardAnswers(socket: Duplex): void {
  gates.set(socket, new AnswerGate(socket));
}

/** Tells the gate that the answer to a request is what comes next. */
export function expectAnswer(socket: Duplex, method: string): void {
  gates.get(socket)?.expect(method);
}

/** Whether the connection may be used again, as far as its answers tell. */
export function isReusable(socket: Duplex): boolean {
  return gates.get(socket)?.isOdd !== true;
}

class AnswerGate {
  /** Whether something that was not plain has come. */
  isOdd = false;
  readonly #socket: Duplex;
  readonly #pass: (chunk: Buffer | null) => boolean;
  /** What is looked at: a head, the lines between chunks, the size of a body, or nothing. */
  #reads: 'head' | 'chunks' | 'likely length' | 'nothing' = 'nothing';
  #method = '';
  /** A head of which a part has come: its first `#heldBytes` bytes. */
  #held: Buffer | null = null;
  #heldBytes = 0;
  #chunks: Chunks | null = null;
  #likelyLeft: number | null = null;
  #silence: NodeJS.Timeout | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    this.#pass = socket.push.bind(socket);
    socket.push = (chunk: Buffer | null) => this.#push(chunk);
  }

  expect(method: string): void {
    this.#method = method;
    this.#reads = 'head';
    this.#held = null;
    this.#heldBytes = 0;
  }

  #push(chunk: Buffer | null): boolean {
    if (this.#reads === 'nothing') return this.#pass(chunk);
    try {
      if (chunk === null) return this.#end();
      if (this.#reads === 'head') return this.#takeHead(chunk);
      return this.#reads === 'chunks' ? this.#takeChunks(chunk) : this.#takeUnframed(chunk);
    } catch (error) {
      this.isOdd = true;
      this.#reads = 'nothing';
      this.#socket.destroy(error as Error);
      return false;
    }
  }

  /** The end of the connection: what was held back comes too late to be whole. */
  #end(): boolean {
    clearTimeout(this.#silence);
    const rest = this.#reads === 'head' ? this.#held?.subarray(0, this.#heldBytes) : this.#chunks?.rest();
    this.#reads = 'nothing';
    if (rest) this.#pass(rest);
    return this.#pass(null);
  }

  #takeHead(chunk: Buffer): boolean {
    const bytes = this.#held ? this.#add(this.#held, chunk) : chunk;
    const end = endOfHead(bytes, Math.max(mostBefore, bytes.length - chunk.length - 3));
    if (end > 0) return this.#readHead(bytes, end);
    if (!mayBeHead(bytes)) throw parseError('HPE_INVALID_CONSTANT', 'no status line');
    if (bytes.length > maxHeadBytes) throw overflow();
    if (this.#held === null) {
      this.#held = Buffer.allocUnsafe(maxHeadBytes);
      this.#add(this.#held, chunk);
    }
    return true;
  }

  #add(held: Buffer, chunk: Buffer): Buffer {
    // A last piece may be larger than what is left; it may hold the end of the head and the body.
    if (this.#heldBytes + chunk.length > held.length)
      return Buffer.concat([held.subarray(0, this.#heldBytes), chunk]);
    chunk.copy(held, this.#heldBytes);
    this.#heldBytes += chunk.length;
    return held.subarray(0, this.#heldBytes);
  }

  #readHead(bytes: Buffer, end: number): boolean {
    if (end > maxHeadBytes) throw overflow();
    const plain = plainHead(bytes, end);
    const whole = bytes.subarray(0, end);
    const rewritten = plain ? null : rewriteHead(whole);
    this.isOdd ||= rewritten !== null;
    const { status, chunked } = plain ?? (rewritten as RewrittenHead);
    this.#held = null;
    this.#heldBytes = 0;
    const isEmpty = this.#method === 'HEAD' || status === 204 || status === 304;
    const isInterim = status < 200 && status !== 101;
    this.#chunks = chunked && !isEmpty ? new Chunks() : null;
    this.#likelyLeft = isEmpty ? null : (rewritten?.likelyLength ?? null);
    if (!isInterim) this.#reads = this.#readsAfterHead();
    // The usual answer passes in one piece.
    if (this.#reads === 'nothing' && plain) return this.#pass(bytes);
    const more = this.#pass(rewritten?.bytes ?? whole);
    if (this.#reads === 'likely length') this.#endInSilence();
    return end < bytes.length ? this.#push(bytes.subarray(end)) : more;
  }

  #readsAfterHead(): 'chunks' | 'likely length' | 'nothing' {
    if (this.#chunks) return 'chunks';
    return this.#likelyLeft === null ? 'nothing' : 'likely length';
  }

  #takeChunks(piece: Buffer): boolean {
    const chunks = this.#chunks as Chunks;
    const bytes = chunks.take(piece);
    this.isOdd ||= chunks.isOdd;
    return bytes.length > 0 ? this.#pass(bytes) : true;
  }

  /** The body ends with the connection, or when the likely length is there and nothing more comes. */
  #takeUnframed(piece: Buffer): boolean {
    this.#likelyLeft = (this.#likelyLeft ?? 0) - piece.length;
    this.#endInSilence();
    return this.#pass(piece);
  }

  #endInSilence(): void {
    clearTimeout(this.#silence);
    const end = () => void this.#push(null);
    if (this.#likelyLeft === 0) this.#silence = setTimeout(end, silenceMs).unref();
  }
}

function overflow(): Error {
  return parseError('HPE_HEADER_OVERFLOW', 'the header is too long');
}
