// Looking through a crawl's segments for one text, without an index: for a command that asks once, and for crawls too large for an index.
import { join } from 'node:path';
import type { CrawlRecord } from '../../record.ts';
import { diskError } from '../disk.ts';
import { LineHead } from '../line.ts';
import { crawlDirectory, segmentNames } from '../segments.ts';
import { ReadSpace, wholeLines } from './whole-lines.ts';

const newline = 0x0a;

/** A record and its line: `ID CLAIM JSON` at `offset` of `file`. */
export interface PlacedRecord {
  file: string;
  offset: number;
  record: CrawlRecord;
}

/**
 * A request's record, of several that of the highest claim, the first of these; null when there is none. Reads all segments, as fast as the
 * disk gives them; memory: the longest line. Throws a DroverError E_FILE.
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
 * Of the first `mostBytes` of a crawl's records, one of a page that has this link, as its `links` spell it; one without an error if there is
 * any, null when there is none at all.
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
  claim: number;
  /** Whether the line begins with the text. */
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

function* linesIn(bytes: Buffer, needle: Buffer): Generator<Omit<Found, 'file'>> {
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

/** Null for what a power failure left, which no reader takes for a record. */
export function parseRecord(bytes: Buffer, start: number, end: number): CrawlRecord | null {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as CrawlRecord;
  } catch {
    return null;
  }
}
