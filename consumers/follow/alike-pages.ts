// Recognises a site without end by its pages: far down a chain of numbered pages, their texts differ in
// nothing but digits from those of many others, as the days of a calendar do. --max-alike says how many.
import { createHash } from 'node:crypto';

export interface NumberedPage {
  crawl: string;
  url: string;
  /** How long the chain of numbered pages is that leads to it (follow-links.ts); null for none. */
  chain: number | null;
  /** How many pages of a kind may lead on; 0 for no limit. */
  maxAlike: number;
}

/**
 * Pages fewer than a hundred links away from a seed are not looked at. A link that differs from its page in
 * digits alone adds two to the chain.
 */
const LEAST_CHAIN = 2 * 100;
/** Kinds of pages that a process remembers; the one that was seen longest ago is forgotten first. */
const MOST_KINDS = 5000;

export class AlikePages {
  /** How many pages of each kind were seen, by crawl, URL and text without digits. */
  readonly #seen = new Map<string, number>();

  /** Whether the body of such a page counts. */
  isLookedAt({ chain, maxAlike }: Pick<NumberedPage, 'chain' | 'maxAlike'>): boolean {
    return maxAlike > 0 && (chain ?? 0) > LEAST_CHAIN;
  }

  /**
   * Notes a page, and tells whether its numbered links lead on without end. Only pages at the end of a chain
   * are looked at, so usual ones cost nothing; of a page, all bytes are hashed (0.1 ms for 10 kB).
   */
  isEndless(page: NumberedPage, body: Uint8Array): boolean {
    if (!this.isLookedAt(page)) return false;
    const { crawl, url, maxAlike } = page;
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
    const hash = createHash('sha1').update(withoutDigits(text), 'latin1').digest('base64');
    const kind = `${crawl} ${withoutDigits(url)} ${hash}`;
    const count = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.delete(kind);
    this.#seen.set(kind, count);
    if (this.#seen.size > MOST_KINDS) this.#seen.delete(this.#seen.keys().next().value ?? '');
    return count > maxAlike;
  }
}

function withoutDigits(text: string): string {
  return text.replace(/\d+/g, '#');
}
