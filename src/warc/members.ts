// Reads the gzip members of a WARC file one after the other, each with its place. What a crash has torn off
// at the end is no member.
import type { FileHandle } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';

export interface WarcMember {
  offset: number;
  length: number;
  /** The beginning of what it holds. */
  head: Buffer;
}

/** Both heads of a record are within this: drover takes no longer ones from servers. */
export const MOST_HEAD_BYTES = 256 * 1024;
const READ_BYTES = 256 * 1024;
/** RFC 1952 section 2.3: a header without optional fields, as drover writes it; CRC and size at the end. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0]);
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;

export class Members {
  /** Where the last whole member ends. */
  end = 0;
  readonly #handle: FileHandle;
  /** What was read and not used: it begins at `#at`. */
  #rest: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The next member; null at the end of the file, and when what follows is not whole. */
  async next(): Promise<WarcMember | null> {
    const offset = this.#at;
    const header = await this.#take(HEADER_BYTES);
    if (!header?.subarray(0, HEADER.length).equals(HEADER)) return null;
    const inflated = await this.#inflate();
    const trailer = inflated && (await this.#take(TRAILER_BYTES));
    if (!trailer || trailer.readUInt32LE(0) !== inflated.crc) return null;
    if (trailer.readUInt32LE(4) !== inflated.bytes % 2 ** 32) return null;
    this.end = this.#at;
    return { offset, length: this.#at - offset, head: inflated.head };
  }

  /** Null if there are fewer bytes. */
  async #take(bytes: number): Promise<Buffer | null> {
    while (this.#rest.length < bytes) {
      const more = await this.#read();
      if (more === null) return null;
      this.#rest = Buffer.concat([this.#rest, more]);
    }
    const taken = this.#rest.subarray(0, bytes);
    this.#skip(bytes);
    return taken;
  }

  #skip(bytes: number): void {
    this.#rest = this.#rest.subarray(bytes);
    this.#at += bytes;
  }

  async #read(): Promise<Buffer | null> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const { bytesRead } = await this.#handle.read(buffer, 0, READ_BYTES, this.#at + this.#rest.length);
    return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
  }

  /** Null if the data ends too early or is damaged. */
  async #inflate(): Promise<{ head: Buffer; crc: number; bytes: number } | null> {
    const inflate = createInflateRaw();
    const head: Buffer[] = [];
    let bytes = 0;
    let crc = 0;
    inflate.on('data', (piece: Buffer) => {
      if (bytes < MOST_HEAD_BYTES) head.push(piece);
      bytes += piece.length;
      crc = crc32(piece, crc);
    });
    const ended = new Promise<boolean>((resolve) => {
      inflate.once('end', () => resolve(true));
      inflate.once('error', () => resolve(false));
    });
    if (!(await this.#inflateFrom(inflate, ended))) return null;
    return { head: Buffer.concat(head).subarray(0, MOST_HEAD_BYTES), crc, bytes };
  }

  /** Gives the stream pieces until it has ended. The stream says how many bytes it has used. */
  async #inflateFrom(
    inflate: ReturnType<typeof createInflateRaw>,
    ended: Promise<boolean>,
  ): Promise<boolean> {
    let used = 0;
    for (;;) {
      const piece = this.#rest.length > 0 ? this.#rest : await this.#read();
      if (piece === null) inflate.end();
      const isTaken = piece && new Promise<null>((resolve) => inflate.write(piece, () => resolve(null)));
      const isWhole = await Promise.race([ended, isTaken ?? ended]);
      // Its end is told a moment after the last piece was taken.
      const hasEnded = isWhole ?? (inflate.bytesWritten - used < (piece?.length ?? 0) ? await ended : null);
      this.#rest = piece ?? this.#rest;
      this.#skip(inflate.bytesWritten - used);
      used = inflate.bytesWritten;
      if (hasEnded !== null) return hasEnded;
    }
  }
}
