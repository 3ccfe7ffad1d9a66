// Records of NDJSON one by one, parsed as far as they are wanted: most of a record is its body.
import type { CrawlRecord } from '../record.ts';
import type { RecordPiece } from './store.ts';

const newline = 0x0a;
/** The body is the last field. Within a text, its quotes would be escaped. */
const BODY = Buffer.from(',"body":');

/** The line of one record. Valid until the next one is asked for. */
export interface RecordLine {
  /** The record without its body. */
  head: Omit<CrawlRecord, 'body'>;
  whole(): CrawlRecord;
}

/** Yields the records of the pieces. Throws the error of JSON for a line that is none. */
export async function* eachRecordLine(pieces: AsyncIterable<RecordPiece>): AsyncGenerator<RecordLine> {
  for await (const { bytes } of pieces) {
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(newline, start);
      const line = bytes.subarray(start, end);
      yield { head: headOf(line), whole: () => JSON.parse(line.toString()) as CrawlRecord };
      start = end + 1;
    }
  }
}

function headOf(line: Buffer): RecordLine['head'] {
  const cut = line.lastIndexOf(BODY);
  if (cut > 0)
    try {
      return JSON.parse(`${line.toString('utf8', 0, cut)}}`) as RecordLine['head'];
    } catch {
      // A field of user data or of an item has the same name, and the record no body behind it.
    }
  return JSON.parse(line.toString()) as CrawlRecord;
}
