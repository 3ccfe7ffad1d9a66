// The segments to which the records of each crawl are written. A segment is made when it is first needed, and
// another follows when it is full. Few segments are open at once.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Segment } from './write/segment.ts';

const mostRemembered = 4096;
/**
 * A segment that was not written for this long is never written again: another one is begun. So whoever
 * rewrites segments (drop-bodies.ts) can tell which ones are complete.
 */
export const SEGMENT_REST_MS = 60_000;

/** The path of a records folder in `dir`. */
export function crawlDirectory(dir: string, recordsFolder: string): string {
  return join(dir, recordsFolderName(recordsFolder));
}

/** The name of a records folder in a store. What is no plain file name is percent-encoded. */
export function recordsFolderName(recordsFolder: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(recordsFolder)) return recordsFolder;
  return encodeURIComponent(recordsFolder.toWellFormed()).replace(/[.*]/g, percentEncode);
}

const percentEncode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/**
 * The names of the segments in a records folder, sorted by name and so by the time at which they were begun.
 * Empty if there is no such folder. Throws the error of the file system.
 */
export async function segmentNames(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names.filter((name) => name.endsWith('.jsonl')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The segments that one store writes. `mostOpen` of them are open at once. */
export class Segments {
  readonly #dir: string;
  readonly #maxBytes: number;
  readonly #mostOpen: number;
  /** The segments by records folder, the least recently used first. The open ones are the last. */
  readonly #byFolder = new Map<string, Segment>();

  constructor(dir: string, maxBytes: number, mostOpen: number) {
    this.#dir = dir;
    this.#maxBytes = maxBytes;
    this.#mostOpen = mostOpen;
  }

  /**
   * The open segment to which to append. It may close other segments, but never the `mostOpen` - 1 that were
   * used last. Throws E_DISK_FULL or E_FILE.
   */
  async of(recordsFolder: string): Promise<Segment> {
    let segment = this.#byFolder.get(recordsFolder);
    this.#byFolder.delete(recordsFolder);
    const now = performance.now();
    const isOver = segment?.broken || (segment?.size ?? 0) >= this.#maxBytes;
    if (segment && (isOver || now - segment.usedAt > SEGMENT_REST_MS)) {
      await segment.close();
      segment = undefined;
    }
    await this.#makeRoom();
    if (segment && !segment.isOpen && !(await segment.reopen())) segment = undefined;
    segment ??= await Segment.create(crawlDirectory(this.#dir, recordsFolder));
    segment.usedAt = now;
    this.#byFolder.set(recordsFolder, segment);
    return segment;
  }

  async close(): Promise<void> {
    for (const segment of this.#byFolder.values()) if (segment.isOpen) await segment.close();
    this.#byFolder.clear();
  }

  async #makeRoom(): Promise<void> {
    const open = [...this.#byFolder.values()].filter((segment) => segment.isOpen);
    for (const segment of open.slice(0, Math.max(0, open.length - this.#mostOpen + 1))) await segment.close();
    for (const folder of this.#byFolder.keys()) {
      if (this.#byFolder.size < mostRemembered) break;
      this.#byFolder.delete(folder);
    }
  }
}
