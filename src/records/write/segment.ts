// One segment file: appended to, synced, and cut back to its last synced length when a write fails half-way.
import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { diskError, syncDirectory } from '../disk.ts';

/** `<time>-<hostname>-<pid>-<random>.jsonl`: names sort by time, and no two processes write to one file. */
export function segmentName(now = new Date()): string {
  const time = now.toISOString().replace(/[-:.]/g, '');
  const host = hostname()
    .replace(/[^A-Za-z0-9.-]/g, '_')
    .slice(0, 100);
  return `${time}-${host}-${process.pid}-${randomBytes(6).toString('hex')}.jsonl`;
}

export class Segment {
  readonly path: string;
  /** Bytes that are known to be on disk. */
  size = 0;
  /** Nothing may be appended any more: what the file ends with is not known. */
  broken = false;
  #handle: FileHandle | null;
  #written = 0;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Creates the directory if need be and a new file in it, both of which survive a power failure. Throws a DroverError. */
  static async create(directory: string): Promise<Segment> {
    const path = join(directory, segmentName());
    let segment: Segment | undefined;
    try {
      const firstMade = await mkdir(directory, { recursive: true });
      segment = new Segment(path, await open(path, 'ax'));
      const top = firstMade ? dirname(resolve(firstMade)) : resolve(directory);
      for (let above = resolve(directory); above.startsWith(top); above = dirname(above)) {
        await syncDirectory(above);
        if (above === top) break;
      }
      return segment;
    } catch (error) {
      await segment?.close();
      throw diskError(error, path);
    }
  }

  get isOpen(): boolean {
    return this.#handle !== null;
  }

  /** Opens it again after close(), for appending. False if it is gone. Throws a DroverError. */
  async reopen(): Promise<boolean> {
    try {
      this.#handle = await open(this.path, constants.O_WRONLY | constants.O_APPEND); // without O_CREAT
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw diskError(error, this.path);
    }
  }

  /** Appends texts as UTF-8, by way of `slab`. On failure the file is cut back, and the DroverError thrown. */
  async append(texts: readonly string[], slab: Buffer): Promise<void> {
    try {
      let used = 0;
      for (const text of texts) {
        if (used + text.length * 3 > slab.length) {
          await this.#write(slab.subarray(0, used));
          used = 0;
        }
        if (text.length * 3 > slab.length) await this.#write(Buffer.from(text));
        else used += slab.write(text, used);
      }
      await this.#write(slab.subarray(0, used));
    } catch (error) {
      await this.#cutBack();
      const failure = diskError(error, this.path);
      if (failure.code !== 'E_DISK_FULL') this.broken = true; // a new file may do better; on a full disk it would not
      throw failure;
    }
  }

  /** What was appended is on disk when this resolves. After a failure nobody knows what is: the segment is broken. */
  async sync(): Promise<void> {
    const written = this.#written;
    try {
      await this.#openHandle().datasync();
      this.size = written;
    } catch (error) {
      await this.#cutBack();
      this.broken = true;
      throw diskError(error, this.path);
    }
  }

  /** Closes the file, and removes it if nothing is in it. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => {}); // everything that counts is synced
    if (this.size === 0) await unlink(this.path).catch(() => {}); // an empty file does no harm either
  }

  #openHandle(): FileHandle {
    if (!this.#handle) throw new Error('the segment is closed');
    return this.#handle;
  }

  async #write(bytes: Buffer): Promise<void> {
    const handle = this.#openHandle();
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done);
      done += bytesWritten;
      this.#written += bytesWritten;
    }
  }

  /** A half-written line must not stand before whole ones: cut it off, else write no further behind it. */
  async #cutBack(): Promise<void> {
    try {
      await this.#openHandle().truncate(this.size);
      this.#written = this.size;
    } catch {
      this.broken = true;
    }
  }
}
