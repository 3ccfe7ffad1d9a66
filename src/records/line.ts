// One line of a segment: `ID TAKE JSON\n`. The head lets a reader find the winning lines without parsing JSON.
import { DroverError } from '../errors.ts';
import type { CrawlRecord } from '../record.ts';
import { hashToken, hexTo32 } from './id-hash.ts';

/** More takes than this cannot be told apart; far beyond what a request lives to see. */
export const maxTake = 0xffff_fff0;

/** `ID TAKE ` of a line. Throws E_FILE for an id or a take that the form cannot hold. */
export function lineHead(id: string, take: number): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(id) || !Number.isInteger(take) || take < 0 || take > maxTake) {
    throw new DroverError('E_FILE', `No record can have the id ${JSON.stringify(id)} and the take ${take}.`);
  }
  return `${id} ${take} `;
}

/** The record as JSON, its fields in the order of record.ts, whatever order they have in the object. Always well-formed. */
export function recordJson(record: CrawlRecord): string {
  return JSON.stringify({
    id: record.id,
    crawl: record.crawl,
    url: record.url,
    finalUrl: record.finalUrl,
    method: record.method,
    status: record.status,
    ok: record.ok,
    error: record.error,
    attempts: record.attempts,
    depth: record.depth,
    referrer: record.referrer,
    label: record.label,
    userData: record.userData ?? null,
    fetchedAt: record.fetchedAt,
    timings: record.timings,
    headers: record.headers,
    contentType: record.contentType,
    charset: record.charset,
    bytes: record.bytes,
    sha256: record.sha256,
    title: record.title,
    links: record.links,
    noindex: record.noindex,
    body: record.body,
  } satisfies CrawlRecord);
}

const space = 0x20;
const zero = 0x30;
const nine = 0x39;

/** The head of a line as it was last read; one object for all lines, since millions are read. */
export class LineHead {
  /** The upper and lower half of the id (its value if it is 16 hex digits, else a hash). */
  high = 0;
  low = 0;
  take = 0;
  /** Where the JSON begins. */
  jsonStart = 0;

  /** Reads the head of the line at [start, end), its newline excluded. False: this is no whole line of a record. */
  read(bytes: Buffer, start: number, end: number): boolean {
    const idEnd = bytes.indexOf(space, start);
    if (idEnd <= start || idEnd - start > 200 || idEnd >= end) return false;
    let at = idEnd + 1;
    let take = 0;
    for (; at < end && at < idEnd + 12; at++) {
      const byte = bytes[at] as number;
      if (byte < zero || byte > nine) break;
      take = take * 10 + byte - zero;
    }
    if (at === idEnd + 1 || take > maxTake || bytes[at] !== space) return false;
    // "{" and "}": what a write cut short by a power failure leaves (zeros, half a line) does not pass.
    if (bytes[at + 1] !== 0x7b || bytes[end - 1] !== 0x7d) return false;
    this.take = take;
    this.jsonStart = at + 1;
    this.#readId(bytes, start, idEnd);
    return true;
  }

  #readId(bytes: Buffer, start: number, end: number): void {
    if (end - start === 16) {
      const high = hexTo32(bytes, start);
      const low = hexTo32(bytes, start + 8);
      if (high >= 0 && low >= 0) {
        this.high = high;
        this.low = low;
        return;
      }
    }
    this.high = hashToken(bytes, start, end, 0x811c9dc5);
    this.low = hashToken(bytes, start, end, 0x1b873593);
  }
}
