// The links that this process has committed. Most links of a page stand on many others too. A link that the
// crawl has already accepted need not be looked at again, nor offered to Redis.
import type { LoadedCrawl } from '../../src/crawl/loaded-crawl.ts';
import type { Redis } from '../../src/redis.ts';

/** How much text is kept, twice: of the newest links, and of those before. About 35,000 links each. */
const MOST_CHARACTERS = 2 * 1024 * 1024;
/** What a link takes besides its text. */
const OVERHEAD = 32;

type Generation = Map<LoadedCrawl, Set<string>>;

/**
 * Only links are remembered that a commit has brought into the seen set, and that stand on a page of their
 * own origin. For such a link nothing but depth and chain decides whether another page of that origin may
 * lead there: host, patterns and repeats have been asked. It belongs to the loaded crawl, which is another
 * object when the settings change or the crawl begins anew.
 *
 * What is used is kept, and what was not used for a long time is forgotten.
 */
export class KnownLinks {
  #newest: Generation = new Map();
  #before: Generation = new Map();
  #characters = 0;

  /** Whether the crawl has accepted the link. */
  has(crawl: LoadedCrawl, link: string): boolean {
    if (this.#newest.get(crawl)?.has(link)) return true;
    if (!this.#before.get(crawl)?.has(link)) return false;
    this.#add(crawl, link);
    return true;
  }

  /** To be called when a commit has accepted all of them: normalised URLs, which are ASCII. */
  add(crawl: LoadedCrawl, links: readonly string[]): void {
    for (const link of links) {
      // A copy, because V8 keeps the whole page for a piece of its text.
      if (!this.has(crawl, link)) this.#add(crawl, Buffer.from(link, 'latin1').toString('latin1'));
    }
  }

  /** When the connection ends, the next Redis may have lost what this one had acknowledged last. */
  forgetAll(): void {
    this.#newest = new Map();
    this.#before = new Map();
    this.#characters = 0;
  }

  #add(crawl: LoadedCrawl, link: string): void {
    let links = this.#newest.get(crawl);
    if (!links) {
      links = new Set();
      this.#newest.set(crawl, links);
    }
    links.add(link);
    this.#characters += link.length + OVERHEAD;
    if (this.#characters < MOST_CHARACTERS) return;
    this.#before = this.#newest;
    this.#newest = new Map();
    this.#characters = 0;
  }
}

/** The known links of a process that commits on this connection. */
export function knownLinksOf(redis: Redis): KnownLinks {
  const links = new KnownLinks();
  redis.on('close', () => links.forgetAll());
  return links;
}
