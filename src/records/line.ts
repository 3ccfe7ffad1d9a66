// One line of a segment: `ID CLAIM JSON\n`. The head lets a reader find the winning lines without parsing JSON.
import { DroverError } from '../errors.ts';
import type { CrawlRecord } from '../record.ts';
import { hashToken, hexTo32 } from './id-hash.ts';

/** More claims than this cannot be told apart; far beyond what a request lives to see. */
export const maxClaim = 0xffff_fff0;

/** `ID CLAIM ` of a line. Throws E_FILE for an id or a claim that the form cannot hold. */
export function lineHead(id: string, claim: number): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(id) || !Number.isInteger(claim) || claim < 0 || claim > maxClaim) {
    throw new DroverError(
      'E_FILE',
      `No record can have the id ${JSON.stringify(id)} and the claim ${claim}.`,
    );
  }
  return `${id} ${claim} `;
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
  claim = 0;
  /** Where the JSON begins. */
  jsonStart = 0;

  /** Reads the head of the line at [start, end), its newline excluded. False: this is no whole line of a record. */
  read(bytes: Buffer, start: number, end: number): boolean {
    const idEnd = bytes.indexOf(space, start);
    if (idEnd <= start || idEnd - start > 200 || idEnd >= end) return false;
    let at = idEnd + 1;
    let claim = 0;
    for (; at < end && at < idEnd + 12; at++) {
      const byte = bytes[at] as number;
      if (byte < zero || byte > nine) break;
      claim = claim * 10 + byte - zero;
    }
    if (at === idEnd + 1 || claim > maxClaim || bytes[at] !== space) return false;
    // "{" and "}": what a write cut short by a power failure leaves (zeros, half a line) does not pass.
    if (bytes[at + 1] !== 0x7b || bytes[end - 1] !== 0x7d) return false;
    this.claim = claim;
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
