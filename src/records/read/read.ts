// Reads the records of a crawl, which several processes may have written: each request once, with the record
// of its highest claim.
import { join } from 'node:path';
import { diskError } from '../disk.ts';
import { EVERY_RECORD, matchesLine, type RecordFilter } from '../filter.ts';
import { LineHead } from '../line.ts';
import { crawlDirectory, segmentNames } from '../segments.ts';
import { type ReadOptions, type RecordPiece, recordLines } from '../store.ts';
import { ClaimTable } from './claim-table.ts';
import { eachRecord, ReadSpace, wholeLines } from './whole-lines.ts';

/**
 * Yields the JSON (without newline) of each request that has a record, once: the record of the highest claim,
 * and the first of several. They come in the order of the segments' names and of the lines. Records that are
 * appended during the reading are left out. Needs memory for the longest line and about 20 bytes for each
 * request. Throws E_FILE.
 */
export async function* readRecords(
  dir: string,
  recordsFolder: string,
  options: ReadOptions = {},
): AsyncGenerator<string> {
  yield* recordLines(readPieces(dir, recordsFolder, options));
}

/** Yields what readRecords yields, in pieces of NDJSON. */
export async function* readPieces(
  dir: string,
  recordsFolder: string,
  { filter = EVERY_RECORD, onFound }: ReadOptions = {},
): AsyncGenerator<RecordPiece> {
  const directory = crawlDirectory(dir, recordsFolder);
  const space = new ReadSpace();
  const claims = new ClaimTable();
  const head = new LineHead();
  try {
    const segments: [path: string, length: number][] = [];
    for (const name of await segmentNames(directory)) {
      const path = join(directory, name);
      segments.push([path, await noteClaims(path, space, claims, head)]);
    }
    onFound?.(claims.size);
    for (const [path, length] of segments) {
      for await (const bytes of wholeLines(path, space, length)) {
        const stretch = keepWinners(bytes, claims, head, filter);
        if (stretch.lines > 0) yield stretch;
      }
    }
  } catch (error) {
    throw diskError(error, directory);
  }
}

/**
 * The first pass: enters all claims into the table. Returns where the last complete line of the file ends;
 * the second pass reads up to there.
 */
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

/** The second pass: moves the JSON of the winning lines that match to the front of the buffer. */
export function keepWinners(
  bytes: Buffer,
  claims: ClaimTable,
  head: LineHead,
  filter: RecordFilter,
): RecordPiece {
  let lines = 0;
  let kept = 0;
  eachRecord(bytes, head, (_, end) => {
    if (claims.winsOnce(head.high, head.low, head.claim) && matchesLine(bytes, head.jsonStart, end, filter)) {
      bytes.copyWithin(kept, head.jsonStart, end + 1);
      kept += end + 1 - head.jsonStart;
      lines++;
    }
    return true;
  });
  return { bytes: bytes.subarray(0, kept), lines };
}
