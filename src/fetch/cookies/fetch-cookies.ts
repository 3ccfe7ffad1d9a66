// The cookies of one fetch, hop by hop.
import type { Target } from '../target.ts';
import type { ChainCookies } from './chain-cookies.ts';
import type { HopCookies, StoredCookie } from './hop-cookies.ts';
import { nameIn } from './rules.ts';

export interface CookiedFetch {
  /** Its cookies; without them, those that its own redirects set. */
  cookies?: HopCookies | null;
}

interface SettingAnswer {
  readonly kind: 'answer' | 'redirect';
  readonly setCookie: readonly string[];
}

/** Whether a hop that ended so has set cookies. */
export function sets(end: SettingAnswer | { readonly kind: 'failed' }): end is SettingAnswer {
  return end.kind !== 'failed' && end.setCookie.length > 0;
}

/** The cookies of one fetch. */
export class FetchCookies {
  readonly #jar: HopCookies | null;
  #chain: ChainCookies | null = null;
  /** What an earlier fetch of the same request had. */
  readonly #former: readonly StoredCookie[] | undefined;

  constructor(request: CookiedFetch & { from?: { cookies?: readonly StoredCookie[] } | null }) {
    this.#former = request.from?.cookies;
    this.#jar = this.#former ? null : (request.cookies ?? null);
  }

  /** The target as it is sent. The cookies are no part of it, as the next hop may be at another host. */
  addTo(target: Target): Target | Promise<Target> {
    if (this.#former && this.#chain === null) return this.#load().then(() => this.addTo(target));
    const pairs = (this.#jar ?? this.#chain)?.pairsFor(target.url.href);
    return pairs instanceof Promise ? pairs.then((came) => joined(target, came)) : joined(target, pairs);
  }

  /** Receives what a hop of `url` has set. A chain has no use for the cookies of its last answer. */
  receive(url: string, { kind, setCookie }: SettingAnswer): Promise<void> | undefined {
    if (this.#jar !== null) return this.#jar.receive(url, setCookie);
    return kind === 'answer' ? undefined : this.#load().then((chain) => chain.receive(url, setCookie));
  }

  /** What a later fetch needs to go on from here; undefined where a jar has it. */
  stored(): StoredCookie[] | undefined {
    return this.#chain?.stored();
  }

  /** The library is loaded when the first chain has a cookie. */
  async #load(): Promise<ChainCookies> {
    const { ChainCookies } = await import('./chain-cookies.ts');
    this.#chain ??= new ChainCookies(this.#former);
    return this.#chain;
  }
}

/** A cookie that the server has set goes before one of that name in the header of the request. */
function joined(target: Target, pairs: readonly string[] | undefined): Target {
  if (pairs === undefined || pairs.length === 0) return target;
  const names = new Set(pairs.map(nameIn));
  const own = (target.headers.cookie?.split(';') ?? []).map((pair) => pair.trim());
  const others = own.filter((pair) => pair !== '' && !names.has(nameIn(pair)));
  return { ...target, headers: { ...target.headers, cookie: [...others, ...pairs].join('; ') } };
}
