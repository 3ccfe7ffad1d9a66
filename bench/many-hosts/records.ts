// Counts the records of the many-hosts scenario: each page has one.
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { hostNamed, pageOf, type Shape } from './hosts.ts';

export interface RecordCount {
  /** Pages with a record that says `ok`. */
  pages: number;
  /** Records beyond one for each page. */
  again: number;
  /** Records of other URLs, or without `ok`. */
  odd: number;
}

/** Counts lines of records, with one bit for each page. */
export function recordCounter({ hosts, pagesPerHost }: Shape): {
  add(line: string): void;
  count(): RecordCount;
} {
  const bits = new Uint8Array(Math.ceil((hosts * pagesPerHost) / 8));
  const count: RecordCount = { pages: 0, again: 0, odd: 0 };
  return {
    add(line) {
      const { url, ok } = JSON.parse(line.slice(line.indexOf('{'))) as { url: string; ok: boolean };
      const { host: name, pathname } = new URL(url);
      const [host, page] = [hostNamed(name, hosts), pageOf(pathname, pagesPerHost)];
      if (host === null || page === null || !ok) {
        count.odd++;
        return;
      }
      const number = host * pagesPerHost + page;
      const [at, mask] = [number >> 3, 1 << (number & 7)];
      const kept = bits[at] ?? 0;
      if ((kept & mask) === 0) count.pages++;
      else count.again++;
      bits[at] = kept | mask;
    },
    count: () => ({ ...count }),
  };
}

/** Counts the records in all files below a folder. */
export async function countRecords(folder: string, shape: Shape): Promise<RecordCount> {
  const counter = recordCounter(shape);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.jsonl')) continue;
    const input = createReadStream(join(entry.parentPath, entry.name), { highWaterMark: 2 ** 20 });
    for await (const line of createInterface({ input })) counter.add(line);
  }
  return counter.count();
}
