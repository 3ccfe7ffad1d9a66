// Where a fetcher gets its proxies from, hop by hop.
import type { ProxyAddress } from '../../config/proxy-address.ts';
import { catalogue, type Failure } from '../../errors.ts';
import type { proxyResults } from '../../metrics.ts';
import type { HopEnd } from '../connection/hop-parts.ts';

/**
 * How a proxy did. unreachable, login, refused: see E_PROXY_CONNECT, E_PROXY_AUTH, E_PROXY_REFUSED. slow: it
 * was asked for a connection, and none came in time. unknown: the hop ended before it could show.
 */
export type ProxyResult = (typeof proxyResults)[number] | 'unknown';

/** Called with what came of each use of a proxy. `failure`: why it failed. */
export type HeardResult = (result: ProxyResult, failure: Failure | null) => void;

export interface PickedProxy {
  readonly kind: 'proxy';
  readonly proxy: ProxyAddress;
  /** To be called once, when the hop has ended. `failure`: why, if it failed. */
  done(result: ProxyResult, failure: Failure | null): void;
}

export type ProxyPick =
  | PickedProxy
  | { readonly kind: 'direct' }
  /** `againMs`: when a proxy may be there again; null when time changes nothing. */
  | { readonly kind: 'none'; readonly failure: Failure; readonly againMs: number | null };

export interface ProxySource {
  /** The proxies look up the names of servers (--proxy-dns). */
  readonly isByName: boolean;
  /** Waits until a proxy has room (--per-proxy). `tried`: the names of those that have just failed. */
  /** `session`: it has the same proxy for all its hops, as long as that works. */
  pick(url: URL, tried: readonly string[], session?: string): Promise<ProxyPick>;
}

/** What the end of a hop says of its proxy. */
export function proxyResultOf(end: HopEnd): ProxyResult {
  return end.kind === 'failed' ? (catalogue[end.failure.code].ofProxy ?? 'worked') : 'worked';
}

/** Nothing has reached the server: another proxy may be asked at once. */
export function isOfProxyAlone(end: HopEnd): boolean {
  const result = proxyResultOf(end);
  return result === 'unreachable' || result === 'login';
}
