// One segment file: lines are appended and synced. If a write fails, the file is cut back to the length that
// was synced.
import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { diskError, syncDirectory } from '../disk.ts';

/**
 * A name for a new segment: `<time>-<hostname>-<pid>-<random>.jsonl`. Names sort by time, and no two
 * processes make the same name.
 */
export function segmentName(now = new Date()): string {
  const time = now.toISOString().replace(/[-:.]/g, '');
  return `${time}-${ownHost()}-${process.pid}-${randomBytes(6).toString('hex')}.jsonl`;
}

function ownHost(): string {
  return hostname()
    .replace(/[^A-Za-z0-9.-]/g, '_')
    .slice(0, 100);
}

/** Whether a process of this machine wrote the segment of this name and has ended since. */
export function isWriterGone(name: string): boolean {
  const [, host, pid] = /^[^-]+-(.+)-(\d+)-[0-9a-f]{12}\.jsonl$/.exec(name) ?? [];
  if (host !== ownHost()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** A segment that this process writes. Its calls must not overlap: each must end before the next. */
export class Segment {
  readonly path: string;
  /** The number of bytes that are known to be on disk. */
  size = 0;
  /** True if nothing may be appended any more, because it is not known how the file ends. */
  broken = false;
  /** When it was last asked for; milliseconds on the clock of this process. */
  usedAt = 0;
  #handle: FileHandle | null;
  #written = 0;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /**
   * Creates a new file, and its directory if necessary. Both survive a power failure. Throws E_DISK_FULL or
   * E_FILE.
   */
  static async create(directory: string, name = segmentName()): Promise<Segment> {
    const path = join(directory, name);
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

  /** The number of bytes that were appended, whether or not they are on disk. */
  get written(): number {
    return this.#written;
  }

  /**
   * Opens the file again after close(), for appending. Returns false if it does not exist any more. Throws
   * E_FILE.
   */
  async reopen(): Promise<boolean> {
    try {
      this.#handle = await open(this.path, constants.O_WRONLY | constants.O_APPEND); // without O_CREAT
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw diskError(error, this.path);
    }
  }

  /**
   * Appends texts as UTF-8, with `slab` as buffer. If this fails, the file is cut back and E_DISK_FULL or
   * E_FILE is thrown.
   */
  async append(texts: readonly string[], slab: Buffer): Promise<void> {
    await this.#orCutBack(async () => {
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
    });
  }

  /** Appends bytes. If this fails, the file is cut back as by `append`. */
  async appendBytes(bytes: Buffer): Promise<void> {
    await this.#orCutBack(() => this.#write(bytes));
  }

  async #orCutBack(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      await this.#cutBack();
      const failure = diskError(error, this.path);
      // On a full disk, a new segment would not help, so this one is kept for later.
      if (failure.code !== 'E_DISK_FULL') this.broken = true;
      throw failure;
    }
  }

  /**
   * Syncs the file: everything that was appended is on disk when this resolves. After a failure, it is not
   * known what is on disk, so the segment is then broken. Throws E_DISK_FULL or E_FILE.
   */
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

  /** Closes the file, and removes it if it is empty. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => {}); // everything that must be kept is synced
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

  /** Cuts off an incomplete line, because no line may follow it. If that fails, the segment is broken. */
  async #cutBack(): Promise<void> {
    try {
      await this.#openHandle().truncate(this.size);
      this.#written = this.size;
    } catch {
      this.broken = true;
    }
  }
}
