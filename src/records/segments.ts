// The segment that each crawl is being written to: made when first needed, changed when full, few of them open at once.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Segment } from './write/segment.ts';

const mostRemembered = 4096;

/** Where the records of a crawl lie. A name that is no plain file name is percent-encoded. */
export function crawlDirectory(dir: string, crawl: string): string {
  const plain = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(crawl);
  const name = plain ? crawl : encodeURIComponent(crawl.toWellFormed()).replace(/[.*]/g, percentEncode);
  return join(dir, name);
}

const percentEncode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** Names of the segments in a crawl's directory, sorted, and so by the time when they were begun. None where there is no directory. */
export async function segmentNames(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names.filter((name) => name.endsWith('.jsonl')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export class Segments {
  readonly #dir: string;
  readonly #maxBytes: number;
  readonly #mostOpen: number;
  /** Least recently used first; the open ones are the last of them. */
  readonly #byCrawl = new Map<string, Segment>();

  constructor(dir: string, maxBytes: number, mostOpen: number) {
    this.#dir = dir;
    this.#maxBytes = maxBytes;
    this.#mostOpen = mostOpen;
  }

  /** The segment to append to, open. Never closes the `mostOpen` - 1 used last. Throws a DroverError. */
  async of(crawl: string): Promise<Segment> {
    let segment = this.#byCrawl.get(crawl);
    this.#byCrawl.delete(crawl);
    if (segment && (segment.broken || segment.size >= this.#maxBytes)) {
      await segment.close();
      segment = undefined;
    }
    await this.#makeRoom();
    if (segment && !segment.isOpen && !(await segment.reopen())) segment = undefined;
    segment ??= await Segment.create(crawlDirectory(this.#dir, crawl));
    this.#byCrawl.set(crawl, segment);
    return segment;
  }

  async close(): Promise<void> {
    for (const segment of this.#byCrawl.values()) if (segment.isOpen) await segment.close();
    this.#byCrawl.clear();
  }

  async #makeRoom(): Promise<void> {
    const open = [...this.#byCrawl.values()].filter((segment) => segment.isOpen);
    for (const segment of open.slice(0, Math.max(0, open.length - this.#mostOpen + 1))) await segment.close();
    for (const crawl of this.#byCrawl.keys()) {
      if (this.#byCrawl.size < mostRemembered) break;
      this.#byCrawl.delete(crawl);
    }
  }
}
