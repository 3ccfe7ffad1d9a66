// Chooses the sample: a few URLs of a list of any length, spread over its hosts. The same list gives the same
// sample.
import { hash } from 'node:crypto';
import type { RequestInput } from '../../request.ts';
import { limiterKeyOf } from '../../url/host.ts';

/** More hosts are not told apart: a sample is small. */
const MOST_HOSTS = 10_000;

interface Ranked {
  readonly rank: string;
  readonly request: RequestInput;
}

/** Takes the requests one by one, in memory that the list does not fill. */
export class SampleChoice {
  readonly #size: number;
  readonly #byHost = new Map<string, Ranked[]>();
  #requests = 0;
  #left = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** A request that changes something at its host is not repeated for a measurement, so it is left out. */
  add(request: RequestInput): void {
    const { method = 'GET', body = null, url } = request;
    if (!['GET', 'HEAD'].includes(method.toUpperCase()) || body !== null) {
      this.#left++;
      return;
    }
    this.#requests++;
    const host = limiterKeyOf(url);
    if (!this.#byHost.has(host) && this.#byHost.size >= MOST_HOSTS) return;
    const kept = this.#byHost.get(host) ?? [];
    this.#byHost.set(host, kept);
    const rank = hash('sha256', url);
    if (kept.some((one) => one.rank === rank)) return;
    if (kept.length >= this.#size && rank > (kept.at(-1)?.rank ?? '')) return;
    kept.push({ rank, request });
    kept.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    kept.length = Math.min(kept.length, this.#size);
  }

  /** One of each host, then the second of each, until there are enough. */
  chosen(): RequestInput[] {
    const lists = [...this.#byHost.values()].sort((a, b) =>
      (a[0]?.rank ?? '') < (b[0]?.rank ?? '') ? -1 : 1,
    );
    const chosen: RequestInput[] = [];
    for (let at = 0; at < this.#size && chosen.length < this.#size; at++)
      for (const list of lists) {
        const one = list[at];
        if (one && chosen.length < this.#size) chosen.push(one.request);
      }
    return chosen;
  }

  /** How many requests there were, and how many were left out because of their method. */
  counts(): { requests: number; leftOut: number } {
    return { requests: this.#requests, leftOut: this.#left };
  }
}
