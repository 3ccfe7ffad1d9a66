// Links and sitemap entries whose URL names a private address. A page of the public web must not lead the
// crawl there: they are left out at once, unless the operator allowed the address or a seed names the host.
import { allowListOf } from '../../src/crawl/loaded-crawl.ts';
import { refusedByUrl } from '../../src/fetch/guard.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';

/** Most of them that one page may hold back until it is known whether a seed names their host. */
const MOST_HELD_BACK = 500;

export class PrivateLinks {
  readonly #job: ActiveJob;
  /** Scheme, host and port of the page. */
  readonly #origin: string;
  #key: string | null = null;
  readonly #held: { url: string; entry: string }[] = [];
  #leftOut = 0;

  constructor(job: ActiveJob) {
    this.#job = job;
    this.#origin = job.request.url.slice(0, job.request.url.indexOf('/', 8) + 1);
  }

  /**
   * Whether the URL names an address that the guard refuses as far as is known. If so, it is held back, with
   * what `pack` makes of it.
   */
  holdsBack(url: string, pack: () => string): boolean {
    // The page was fetched from its host.
    if (url.startsWith(this.#origin)) return false;
    const { request, loadedCrawl } = this.#job;
    this.#key ??= limiterKeyOf(request.url);
    if (limiterKeyOf(url) === this.#key) return false;
    if (!refusedByUrl(url, allowListOf(loadedCrawl))) return false;
    if (this.#held.length < MOST_HELD_BACK) this.#held.push({ url, entry: pack() });
    else this.#leftOut++;
    return true;
  }

  /** The entries whose hosts seeds name. The others are counted in `leftOut`. */
  async allowed({ loadedCrawls }: ConsumerContext, leftOut: Record<string, number>): Promise<string> {
    const { loadedCrawl } = this.#job;
    let entries = '';
    for (const { url, entry } of this.#held) {
      await loadedCrawls.knowSeedHost(loadedCrawl, url);
      const refusal = refusedByUrl(url, allowListOf(loadedCrawl));
      if (refusal) this.#leftOut++;
      else entries += entry;
    }
    if (this.#leftOut > 0) leftOut.E_SSRF = (leftOut.E_SSRF ?? 0) + this.#leftOut;
    return entries;
  }
}
