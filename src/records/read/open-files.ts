// Reads single lines of files that stay open for a while, so that a line costs one read.
import { type FileHandle, open } from 'node:fs/promises';

const newline = 0x0a;
/** Most lines end within this. */
const FIRST_BYTES = 32 * 1024;
/** No record of a page within the limits of a crawl is longer. */
const MOST_BYTES = 128 * 1024 * 1024;
const MOST_OPEN = 32;
const MOST_SPARE = 16;

interface OpenFile {
  handle: Promise<FileHandle>;
  /** How many reads are under way. A file that is read is not closed. */
  readers: number;
  isClosing: boolean;
}

export class OpenFiles {
  /** By path, the least recently used first. */
  readonly #files = new Map<string, OpenFile>();
  readonly #spare: Buffer[] = [];

  /**
   * The line that begins at `offset` and ends, with its newline, before `limit`. `use` gets a buffer that
   * begins with the line, and where it ends; null when there is no such line. The buffer is valid until it
   * returns. Throws the error of the file system.
   */
  async line<T>(
    path: string,
    offset: number,
    limit: number,
    use: (bytes: Buffer | null, end: number) => T,
  ): Promise<T> {
    const file = this.#of(path);
    file.readers++;
    const first = this.#spare.pop() ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
    try {
      const handle = await file.handle;
      let bytes = first;
      for (let filled = 0; ; ) {
        const wanted = Math.min(bytes.length - filled, limit - offset - filled);
        const { bytesRead } = await handle.read(bytes, filled, wanted, offset + filled);
        const end = bytes.subarray(filled, filled + bytesRead).indexOf(newline);
        if (end >= 0) return use(bytes, filled + end);
        filled += bytesRead;
        if (bytesRead === 0 || filled > MOST_BYTES) return use(null, 0);
        if (filled === bytes.length) bytes = grown(bytes);
      }
    } finally {
      if (this.#spare.length < MOST_SPARE) this.#spare.push(first);
      file.readers--;
      if (file.isClosing) await closeUnread(file);
    }
  }

  /** Closes the files whose path `is` names; by default all. A file that is being read is closed after it. */
  async close(is: (path: string) => boolean = () => true): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const [path, file] of this.#files) if (is(path)) closing.push(this.#close(path, file));
    await Promise.all(closing);
  }

  #of(path: string): OpenFile {
    const file = this.#files.get(path) ?? { handle: open(path, 'r'), readers: 0, isClosing: false };
    this.#files.delete(path);
    this.#files.set(path, file);
    file.handle.catch(() => this.#files.get(path) === file && this.#files.delete(path));
    for (const [oldest, { readers }] of this.#files) {
      if (this.#files.size <= MOST_OPEN) break;
      if (readers === 0 && oldest !== path) void this.#close(oldest, this.#files.get(oldest) as OpenFile);
    }
    return file;
  }

  #close(path: string, file: OpenFile): Promise<void> {
    this.#files.delete(path);
    file.isClosing = true;
    return closeUnread(file);
  }
}

function grown(bytes: Buffer): Buffer {
  const larger = Buffer.allocUnsafeSlow(bytes.length * 4);
  bytes.copy(larger);
  return larger;
}

async function closeUnread(file: OpenFile): Promise<void> {
  if (file.readers > 0) return;
  const handle = await file.handle.catch(() => null);
  await handle?.close().catch(() => undefined);
}
