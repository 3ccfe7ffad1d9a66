// The payloads that this process has archived of a crawl, so that the same bytes are not archived again.
import type { FormerAnswer } from './exchange-records.ts';

/** Payloads that are remembered; each takes some 400 bytes. The one used longest ago is forgotten first. */
const MOST_PAYLOADS = 50_000;

export class SeenPayloads {
  readonly #answers = new Map<string, FormerAnswer>();

  get(digest: string): FormerAnswer | null {
    const found = this.#answers.get(digest);
    if (found === undefined) return null;
    this.#answers.delete(digest);
    this.#answers.set(digest, found);
    return found;
  }

  delete(digest: string): void {
    this.#answers.delete(digest);
  }

  add(digest: string, answer: FormerAnswer): void {
    this.#answers.set(digest, answer);
    if (this.#answers.size <= MOST_PAYLOADS) return;
    const oldest = this.#answers.keys().next().value;
    if (oldest !== undefined) this.#answers.delete(oldest);
  }
}
