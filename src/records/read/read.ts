// Reads back what the writers of all processes wrote for a crawl: each request once, its record of the highest claim.
import { join } from 'node:path';
import { diskError } from '../disk.ts';
import { openOutput } from '../export/output.ts';
import { LineHead } from '../line.ts';
import { crawlDirectory, segmentNames } from '../segments.ts';
import { ClaimTable } from './claim-table.ts';
import { eachRecord, ReadSpace, wholeLines } from './whole-lines.ts';

const newline = 0x0a;

/**
 * The JSON (no newline) of each request that has a record, once: that of its highest claim, the first if there are several.
 * In the order of the segments' names and lines. What is appended while this reads is left out. Nothing for a crawl
 * without records. Memory: about 20 bytes a request and the longest line. Throws a DroverError E_FILE.
 */
export async function* readRecords(dir: string, crawl: string): AsyncGenerator<string> {
  for await (const { bytes } of winningLines(dir, crawl)) {
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(newline, start);
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
  }
}

/**
 * Writes what readRecords gives as NDJSON: to standard output (`file` null or "-"), else to a file that appears whole or not at
 * all. If the reader of standard output goes away, stops. Throws a DroverError E_FILE or E_DISK_FULL.
 */
export async function writeResults(
  dir: string,
  crawl: string,
  file: string | null,
): Promise<{ lines: number }> {
  const output = await openOutput(file === '-' ? null : file);
  let lines = 0;
  try {
    for await (const stretch of winningLines(dir, crawl)) {
      if (!(await output.write(stretch.bytes))) break;
      lines += stretch.lines;
    }
    await output.finish();
  } catch (error) {
    await output.discard();
    throw error;
  }
  return { lines };
}

/** Stretches of NDJSON, good until the next is asked for. */
async function* winningLines(dir: string, crawl: string): AsyncGenerator<{ bytes: Buffer; lines: number }> {
  const directory = crawlDirectory(dir, crawl);
  const space = new ReadSpace();
  const claims = new ClaimTable();
  const head = new LineHead();
  try {
    const segments: [path: string, length: number][] = [];
    for (const name of await segmentNames(directory)) {
      const path = join(directory, name);
      segments.push([path, await noteClaims(path, space, claims, head)]);
    }
    for (const [path, length] of segments) {
      for await (const bytes of wholeLines(path, space, length)) {
        const stretch = keepWinners(bytes, claims, head);
        if (stretch.lines > 0) yield stretch;
      }
    }
  } catch (error) {
    throw diskError(error, directory);
  }
}

/** The first pass: every head into the table. Returns how far the file's whole lines reach: the second pass goes no further. */
async function noteClaims(
  path: string,
  space: ReadSpace,
  claims: ClaimTable,
  head: LineHead,
): Promise<number> {
  let length = 0;
  for await (const bytes of wholeLines(path, space)) {
    length += bytes.length;
    eachRecord(bytes, head, () => {
      claims.raise(head.high, head.low, head.claim);
      return true;
    });
  }
  return length;
}

/** The second pass: moves the JSON of the winning lines together at the front of the buffer. */
function keepWinners(bytes: Buffer, claims: ClaimTable, head: LineHead): { bytes: Buffer; lines: number } {
  let lines = 0;
  let kept = 0;
  eachRecord(bytes, head, (_, end) => {
    if (claims.winsOnce(head.high, head.low, head.claim)) {
      bytes.copyWithin(kept, head.jsonStart, end + 1);
      kept += end + 1 - head.jsonStart;
      lines++;
    }
    return true;
  });
  return { bytes: bytes.subarray(0, kept), lines };
}
