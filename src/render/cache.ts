// The scripts and style sheets that the pages of a crawl share, in memory. The pages of a site load the same
// ones, and each page has a browser context of its own with an empty cache.

export interface CachedResource {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_OF_ONE = 4 * 1024 * 1024;

export class ResourceCache {
  /** The one used longest ago first. */
  readonly #kept = new Map<string, CachedResource & { untilMs: number }>();
  #bytes = 0;

  /** `crawl`: what one crawl may load, another may not. */
  find(crawl: string, url: string): CachedResource | null {
    const key = keyOf(crawl, url);
    const found = this.#kept.get(key);
    if (!found) return null;
    this.#kept.delete(key);
    if (found.untilMs <= performance.now()) {
      this.#bytes -= found.body.length;
      return null;
    }
    this.#kept.set(key, found);
    return found;
  }

  keep(crawl: string, url: string, { status, headers, body }: CachedResource, freshMs: number): void {
    if (body.length > MOST_OF_ONE) return;
    const key = keyOf(crawl, url);
    this.#bytes -= this.#kept.get(key)?.body.length ?? 0;
    this.#kept.delete(key);
    this.#kept.set(key, { status, headers, body, untilMs: performance.now() + freshMs });
    this.#bytes += body.length;
    for (const [oldest, { body: dropped }] of this.#kept) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= dropped.length;
    }
  }
}

const keyOf = (crawl: string, url: string) => `${crawl}\n${url}`;

const MOST_FRESH_MS = 3_600_000;
/** What would depend on who asks. */
const dependent = /\b(?:no-store|no-cache|private)\b/i;

/**
 * How long an answer may be used again, by its own word (RFC 9111), in milliseconds; 0: not at all. Only what
 * is the same for every page is kept.
 */
export function freshFor({ status, headers }: Omit<CachedResource, 'body'>): number {
  const control = headers['cache-control'] ?? '';
  const vary = (headers.vary ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const isShared = vary.every((name) => name === '' || name === 'accept-encoding');
  if (status !== 200 || !isShared || headers['set-cookie'] !== undefined || dependent.test(control)) return 0;
  const seconds = Number(/\bmax-age="?(\d+)/i.exec(control)?.[1] ?? 0) - Number(headers.age ?? 0);
  return seconds > 0 ? Math.min(seconds * 1000, MOST_FRESH_MS) : 0;
}
