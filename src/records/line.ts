// One line of a segment: `ID CLAIM JSON\n`. With its head (ID and CLAIM), a reader finds the winning line of
// each request without parsing JSON. The winning line is the one with the highest claim.
import { DroverError } from '../errors.ts';
import type { CrawlRecord } from '../record.ts';
import { hashedHalves, hexTo32 } from './id-hash.ts';

/** The highest claim that a line may have. No request is ever claimed so often. */
export const maxClaim = 0xffff_fff0;

/**
 * The head of a line: `ID CLAIM `. Throws E_FILE for an id or a claim that cannot be written in this form.
 */
export function lineHead(id: string, claim: number): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(id) || !Number.isInteger(claim) || claim < 0 || claim > maxClaim) {
    throw new DroverError(
      'E_FILE',
      `No record can have the id ${JSON.stringify(id)} and the claim ${claim}.`,
    );
  }
  return `${id} ${claim} `;
}

/** The record as JSON, with its fields in the order of src/record.ts, whatever their order in the object. */
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
    usage: record.usage,
    items: record.items ?? null,
    redirects: record.redirects ?? null,
    unchanged: record.unchanged ?? null,
    revisitMs: record.revisitMs ?? null,
    proxy: record.proxy ?? null,
    http: record.http ?? null,
    rendered: record.rendered ?? null,
    session: record.session ?? null,
    body: record.body,
  } satisfies CrawlRecord);
}

const space = 0x20;
const zero = 0x30;
const nine = 0x39;

/** The head of the line that was read last. One object serves for all lines, because millions are read. */
export class LineHead {
  /** The upper and lower half of the id: its value if it is 16 hex digits, else a hash. */
  high = 0;
  low = 0;
  claim = 0;
  /** The index of the first byte of the JSON. */
  jsonStart = 0;

  /**
   * Reads the head of the line at [start, end), without its newline. False if this is no complete line of a
   * record.
   */
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
    // "{" and "}": a write that a power failure has cut leaves zeros or half a line, which are no record.
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
    Object.assign(this, hashedHalves(bytes, start, end));
  }
}
