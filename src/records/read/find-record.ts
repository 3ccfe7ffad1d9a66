// Searches a crawl's segments for one text, without an index. This is for commands that ask only once, and
// for crawls that are too large for an index.
import { join } from 'node:path';
import type { CrawlRecord } from '../../record.ts';
import { diskError } from '../disk.ts';
import { LineHead } from '../line.ts';
import { crawlDirectory, segmentNames } from '../segments.ts';
import type { PlacedRecord } from '../store.ts';
import { ReadSpace, wholeLines } from './whole-lines.ts';

const newline = 0x0a;

/**
 * Finds a request's record: the one of the highest claim, and the first of several with that claim. Null if
 * there is none. Reads all segments of the crawl; needs memory for the longest line. Throws E_FILE.
 */
export async function findRecord(
  dir: string,
  recordsFolder: string,
  id: string,
): Promise<PlacedRecord | null> {
  let [found, highest]: [PlacedRecord | null, number] = [null, -1];
  for await (const { claim, atStart, ...placed } of linesWith(dir, recordsFolder, `${id} `)) {
    if (!atStart || claim <= highest) continue;
    [found, highest] = [placed, claim];
  }
  return found;
}

/**
 * Finds the record of a page whose `links` have exactly this link. Searches the first `mostBytes` bytes of
 * the crawl's records. Prefers a record without an error; null if there is none at all. Throws E_FILE.
 */
export async function findLinking(
  dir: string,
  recordsFolder: string,
  link: string,
  mostBytes: number,
): Promise<CrawlRecord | null> {
  let failed: CrawlRecord | null = null;
  for await (const { record } of linesWith(dir, recordsFolder, JSON.stringify(link), mostBytes)) {
    if (!record.links?.includes(link) || record.url === link) continue;
    if (!record.error) return record;
    failed ??= record;
  }
  return failed;
}

interface Found extends PlacedRecord {
  offset: number;
  claim: number;
  /** Whether the text is at the beginning of the line. */
  atStart: boolean;
}

async function* linesWith(
  dir: string,
  recordsFolder: string,
  text: string,
  mostBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<Found> {
  const directory = crawlDirectory(dir, recordsFolder);
  const space = new ReadSpace();
  const needle = Buffer.from(text);
  let left = mostBytes;
  try {
    for (const name of await segmentNames(directory)) {
      const file = join(directory, name);
      let at = 0;
      for await (const bytes of wholeLines(file, space, left)) {
        for (const line of linesIn(bytes, needle)) yield { ...line, file, offset: at + line.offset };
        at += bytes.length;
      }
      left -= at;
      if (left <= 0) return;
    }
  } catch (error) {
    throw diskError(error, directory);
  }
}

/** The lines that are records and hold the text. */
export function* linesIn(bytes: Buffer, needle: Buffer): Generator<Omit<Found, 'file'>> {
  const head = new LineHead();
  for (let hit = bytes.indexOf(needle); hit >= 0; ) {
    const start = hit === 0 ? 0 : bytes.lastIndexOf(newline, hit - 1) + 1;
    const end = bytes.indexOf(newline, hit);
    if (head.read(bytes, start, end)) {
      const record = parseRecord(bytes, head.jsonStart, end);
      if (record) yield { claim: head.claim, atStart: hit === start, offset: start, record };
    }
    hit = bytes.indexOf(needle, end);
  }
}

/** Parses the JSON of a record. Null if it is broken, which happens after a power failure. */
export function parseRecord(bytes: Buffer, start: number, end: number): CrawlRecord | null {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as CrawlRecord;
  } catch {
    return null;
  }
}
