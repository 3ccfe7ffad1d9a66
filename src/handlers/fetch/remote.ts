// What a thread of handlers and its consumer say to each other about a fetch. The thread fetches with
// connections of its own; the consumer holds the slot and says when each hop may start.
import type { ThreadFetcherOptions } from '../../crawl/fetcher-options.ts';
import type { Failure } from '../../errors.ts';
import type { AskedHop, Authorization, HeardAnswer } from '../../fetch/credentials/source.ts';
import type { Exchange } from '../../fetch/exchange.ts';
import type { ProxyResult } from '../../fetch/proxy/source.ts';
import type { RedirectAnswer } from '../../fetch/waypoint.ts';
import type { FetchResult } from '../../outcome.ts';
import type { GatedRequest } from './drive.ts';
import type { LentProxy } from './lent-proxies.ts';
import type { FetchRefusal, WantedFetch } from './wanted.ts';

/** How the start that was given stands: held: it must be asked for again. lapsed: the fetch must end. */
export type StartState = 'held' | 'lapsed' | 'over';

/** The calls of a thread: what each is given, and what it answers. All of it is plain data. */
export interface FetchCalls {
  /** `leftMs`: the time that the page has left. */
  fetchBegin(given: { wanted: WantedFetch; leftMs: number }): BegunFetch;
  fetchEnter(given: OfFetch & { url: string; redirect: RedirectAnswer | null }): {
    refused: FetchRefusal | null;
    /** host:port, if a seed names it, so that it may have any address. */
    seedHost: string | null;
    /** The cookies that are sent to it, each `name=value`. */
    cookies: readonly string[];
  };
  /** Answers when the last start no longer holds, or when the fetch is over. */
  fetchWatch(given: OfFetch): StartState;
  fetchStarted(given: OfFetch): void;
  /** What went over the wire in one hop, if `wantsExchanges`. */
  fetchExchange(given: OfFetch & { exchange: Exchange }): void;
  /** The lines of Set-Cookie in an answer of `url`, if `hasCookies`. */
  fetchSetCookie(given: OfFetch & { url: string; lines: readonly string[] }): void;
  fetchSeedHost(given: OfFetch & { hostPort: string }): boolean;
  /** The proxy of the next hop. It waits until one has room. */
  fetchProxy(given: OfFetch & { url: string; tried: readonly string[] }): LentProxy;
  fetchProxyDone(given: OfFetch & { number: number; result: ProxyResult; failure: Failure | null }): void;
  /** What the consumer has for the origin of the hop; see AuthorizationSource. */
  fetchAuthorize(given: OfFetch & { asked: AskedHop }): Authorization | null;
  fetchAnswered(
    given: OfFetch & { asked: AskedHop; sent: string | null; heard: HeardAnswer; isLast: boolean },
  ): Authorization | null;
  /** The body of the answer is empty unless `wantsBody`. */
  fetchEnded(given: OfFetch & { result: FetchResult; ageMs: number }): FetchRefusal | null;
  /** Always the last. What is held goes back. */
  fetchOver(given: OfFetch): void;
}

interface OfFetch {
  readonly fetch: number;
}

export interface BegunFetch extends OfFetch {
  readonly request: Omit<GatedRequest, 'allow' | 'cookies' | 'proxies' | 'onExchange'>;
  readonly allow: { cidrs: readonly string[]; hosts: readonly string[]; ports: readonly number[] };
  readonly fetcher: ThreadFetcherOptions;
  /** Null: there are no proxies. */
  readonly proxies: { readonly isByName: boolean } | null;
  readonly hasCredentials: boolean;
  /** The session of the page has cookies. */
  readonly hasCookies: boolean;
  readonly wantsBody: boolean;
  readonly wantsExchanges: boolean;
}
