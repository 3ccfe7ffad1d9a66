// Fetches one request with got, one redirect hop after the other. The guard checks the address of every hop.
import type { Failure } from '../errors.ts';
import { signerOf } from '../identity/load-signer.ts';
import { isSigned, type SignedFetch } from '../identity/signs-as.ts';
import { type FetchResult, type Redirected, unsent } from '../outcome.ts';
import { hostnameOf } from '../url/host.ts';
import { type Conditions, withConditions } from './conditions.ts';
import type { AgentPair } from './connection/agent.ts';
import { type AgentPool, createAgentPool } from './connection/agent-pool.ts';
import { createDrive } from './connection/drive.ts';
import type { FetcherOptions } from './connection/fetcher-options.ts';
import { failedHop, type HopEnd } from './connection/hop-parts.ts';
import { IdleSockets } from './connection/idle-sockets.ts';
import { ConnectionLimit } from './connection/limit.ts';
import type { Route } from './connection/route.ts';
import { Sendings } from './connection/sendings.ts';
import { type CookiedFetch, FetchCookies, sets } from './cookies/fetch-cookies.ts';
import { hopWithCredentials } from './credentials/hop-with-credentials.ts';
import type { AuthorizationSource } from './credentials/source.ts';
import { FetchDeadline } from './deadline.ts';
import { type Exchange, ExchangeCopy } from './exchange.ts';
import { type AllowList, guardOf } from './guard.ts';
import { Hop } from './hop.ts';
import { awaitName } from './names/await-name.ts';
import { firstAddress } from './names/first-address.ts';
import { createNames, type Names } from './names/lookup.ts';
import { networkOf } from './network/network.ts';
import { hopByProxy } from './proxy/hop-by-proxy.ts';
import type { ProxySource } from './proxy/source.ts';
import { nextTarget, withinPorts } from './redirect.ts';
import { firstTarget, hostOf, portOf, type Target } from './target.ts';
import { type FetchTimeouts, PhaseClock, type PhaseSpan } from './timeouts.ts';
import { type HopTrace, hopTraceOf } from './trace.ts';
import { Watchdog } from './watchdog.ts';
import { type RedirectAnswer, type Waypoint, waypointOf } from './waypoint.ts';

export type { FetcherOptions } from './connection/fetcher-options.ts';
export type { FetchTimeouts } from './timeouts.ts';

export interface FetchRequest extends SignedFetch, CookiedFetch {
  url: string;
  method: string;
  /**
   * Sent to the origin of `url`. After a redirect to another origin, only user-agent and accept* are sent.
   * Headers of the connection (RFC 9110 section 7.6.1) are never sent.
   */
  headers: Record<string, string>;
  body: string | null;
  userAgent: string;
  timeouts: FetchTimeouts;
  /** Size limit of the decoded body. */
  maxBytes: number;
  /** True: a longer body is cut off at `maxBytes`. Otherwise it fails with E_TOO_LARGE. */
  truncate?: boolean;
  /** The body lies in shared memory, so that threads can read it without a copy. */
  isShared?: boolean;
  maxRedirects: number;
  allow: AllowList;
  /** Sent to the hop that they are about, and to no other. */
  conditions?: Conditions | null;
  /** The hop to begin at instead of `url`: an earlier fetch of the same request has reached it. */
  from?: Waypoint | null;
  /**
   * Called before each redirect hop, and before a request is sent a second time because the server had closed
   * an idle connection or asks who is there. A Failure ends the fetch. Its time does not count against the
   * request limit. `redirect`: the answer that leads there; null for the same request a second time.
   */
  beforeHop?: (hop: Waypoint, redirect: RedirectAnswer | null) => Promise<Failure | null>;
  /** Called when the connection is established. With a Failure, the fetch ends and nothing is sent. */
  mayStart?: () => Failure | null;
  /** Whether requests to this https URL may share a connection by HTTP/2. Without it, HTTP/1.1 is spoken. */
  http2?: ((url: string) => boolean) | null;
  /** Where its proxies come from, in place of those of the fetcher. */
  proxies?: ProxySource | null;
  /** What authorizes it, in place of the credentials of the fetcher. */
  credentials?: AuthorizationSource | null;
  /** Aborting ends the fetch with the signal's reason if that is a Failure, otherwise with E_LOCK_LOST. */
  signal?: AbortSignal;
  /** Called at each hop after the request has been written to the connection. */
  onStart?: () => void;
  /** Called at the end of each hop, with how long each of its phases took. */
  onHop?: (hop: HopTrace) => void;
  /** Called at the end of each hop to which an answer came, with what went over the wire. */
  onExchange?: (exchange: Exchange) => void;
}

export interface Fetcher {
  /** Fetches one request. Errors of the server or the network are results; they never reject the promise. */
  fetch(request: FetchRequest): Promise<FetchResult>;
  /**
   * The address of a name: the lowest of its IPv4 addresses, or of its IPv6 addresses if it has no other.
   * Null if it has none, if the look-up takes longer than 5 s, or if proxies look names up.
   */
  addressOf(hostname: string): Promise<string | null>;
  /**
   * Null when a fetch of the request could connect at once: the name's addresses are known, or there is an
   * idle connection. Otherwise looks the name up, within the limit `dns` of the request, and resolves with
   * the reason if it has no addresses; when it has, a fetch that follows finds them.
   */
  lookUp(request: FetchRequest): Promise<Failure | null> | null;
  /** Closes idle connections. Fetches in flight go on to their end. */
  close(): void;
}

/**
 * It owns its connections: one is enough for a process or thread. Throws E_SETTING for a bad name server, and
 * E_SETTING or E_FILE for the network.
 */
export function createFetcher(options: FetcherOptions): Fetcher {
  return new GotFetcher(options);
}

class GotFetcher implements Fetcher {
  readonly #drive = createDrive();
  readonly #names: Names;
  readonly #idle: IdleSockets;
  readonly #agents: AgentPool;
  readonly #connections: ConnectionLimit;
  readonly #watchdog = new Watchdog();
  readonly #identityFile: string | undefined;
  readonly #proxies: ProxySource | null;
  readonly #credentials: AuthorizationSource | null;

  constructor({ concurrency, dnsServers, ca, identityFile, network, ...sources }: FetcherOptions) {
    this.#identityFile = identityFile;
    this.#proxies = sources.proxies;
    this.#credentials = sources.credentials ?? null;
    this.#names = createNames({ servers: dnsServers, pins: network?.resolve ?? [] });
    this.#idle = new IdleSockets(Math.max(128, 2 * concurrency));
    this.#connections = new ConnectionLimit(concurrency);
    this.#agents = createAgentPool({
      ...{ names: this.#names, idle: this.#idle, ca },
      network: networkOf(network),
    });
  }

  async fetch(request: FetchRequest): Promise<FetchResult> {
    const target = withinPorts(request, firstTarget(request));
    if ('code' in target) return unsent(request, target);
    const signer = isSigned(request) ? await signerOf(request, this.#identityFile) : null;
    if (signer && 'code' in signer) return unsent(request, signer);
    const fetchDeadline = new FetchDeadline(request.timeouts.request);
    const ignore = request.signal && fetchDeadline.follow(request.signal);
    try {
      return await this.#follow(signer ? { ...request, signer } : request, target, fetchDeadline);
    } finally {
      ignore?.();
    }
  }

  addressOf(hostname: string): Promise<string | null> {
    if (this.#proxies?.isByName) return Promise.resolve(null);
    return firstAddress(this.#names, hostname);
  }

  lookUp(request: FetchRequest): Promise<Failure | null> | null {
    if (this.#proxies?.isByName) return null;
    const { from, timeouts, allow, signal } = request;
    const url = from?.url ?? request.url;
    if (this.#names.isKnown(hostnameOf(url).replace(/^\[|\]$/g, ''))) return null;
    const target = URL.parse(url);
    if (target === null) return null;
    if (this.#agents.of(guardOf(allow)).hasIdle(hostOf(target), portOf(target))) return null;
    return awaitName(this.#names, hostOf(target), timeouts.dns, signal);
  }

  close(): void {
    this.#agents.retire();
    this.#idle.close();
    this.#names.close();
  }

  async #follow(request: FetchRequest, first: Target, fetchDeadline: FetchDeadline): Promise<FetchResult> {
    const { credentials = this.#credentials } = request;
    let target = first;
    let redirected: readonly Redirected[] = request.from?.redirected ?? [];
    let isAway = request.from?.isAway ?? false;
    const cookies = new FetchCookies(request);
    for (let redirects = request.from?.redirects ?? 0; ; redirects++) {
      const asked = cookies.addTo(withConditions(target, request.conditions));
      const sent = asked instanceof Promise ? await fetchDeadline.waitFor(asked) : asked;
      const here = () => waypointOf(target, redirects, isAway, cookies.stored());
      const hop = (to: Target) => this.#hopInLimit(request, to, fetchDeadline, here);
      const again = () => request.beforeHop?.(here(), null);
      const own = { source: credentials, target: sent, fetchDeadline, again, hop };
      const end = await hopWithCredentials(own);
      const finalUrl = target.url.href;
      const way = { finalUrl, redirected };
      if (sets(end)) await fetchDeadline.pauseFor(cookies.receive(finalUrl, end));
      if (end.kind === 'answer') return { ok: true, answer: { ...way, redirects, ...end.answer } };
      const { timings } = end;
      if (end.kind === 'failed') {
        const { kind, stale, ...failed } = end;
        return { ok: false, ...way, ...failed };
      }
      redirected = [...redirected, { url: finalUrl, status: end.status }];
      const next = nextTarget(request, target, end, redirects);
      if ('code' in next) return { ok: false, failure: next, timings, finalUrl, redirected };
      isAway ||= next.url.origin !== target.url.origin;
      const refusal = await fetchDeadline.pauseFor(
        request.beforeHop?.(
          { ...waypointOf(next, redirects + 1, isAway, cookies.stored()), redirected },
          end,
        ),
      );
      if (refusal) return { ok: false, failure: refusal, timings, finalUrl: next.url.href, redirected };
      target = next;
    }
  }

  /** Makes one hop as soon as the connection limit allows it. */
  async #hopInLimit(
    request: FetchRequest,
    target: Target,
    fetchDeadline: FetchDeadline,
    here: () => Waypoint,
  ): Promise<HopEnd> {
    const waiting = this.#connections.acquire();
    if (waiting) await fetchDeadline.pauseFor(waiting);
    try {
      const { allow, proxies: source = this.#proxies } = request;
      if (source === null) return await this.#freshHop(request, target, fetchDeadline, here, null);
      const hop = (route: Route | null) => this.#freshHop(request, target, fetchDeadline, here, route);
      return await hopByProxy({ source, target, allow, fetchDeadline, hop });
    } finally {
      this.#connections.release();
    }
  }

  /**
   * If the server had closed the reused connection while it was idle, or has not processed the request by its
   * own word, that is no failure of the request: the hop is made once more.
   */
  async #freshHop(
    request: FetchRequest,
    target: Target,
    fetchDeadline: FetchDeadline,
    here: () => Waypoint,
    route: Route | null,
  ): Promise<HopEnd> {
    for (const sendings = new Sendings(target.method); ; ) {
      const end = await this.#hop(request, target, fetchDeadline, route);
      if (!sendings.mayRepeat(end)) return end;
      // The other idle connections to this host are as old, so the server has probably closed them too.
      if (end.stale)
        this.#agents.of(guardOf(request.allow), route).purge(hostOf(target.url), portOf(target.url));
      const refusal = await fetchDeadline.pauseFor(request.beforeHop?.(here(), null));
      if (refusal) return failedHop(refusal, end.kind === 'answer' ? end.answer.timings : end.timings);
    }
  }

  #hop(request: FetchRequest, plain: Target, limit: FetchDeadline, route: Route | null): Promise<HopEnd> {
    const target = request.signer?.signed(plain) ?? plain;
    if (limit.aborted) return Promise.resolve(failedHop(limit.aborted));
    this.#idle.sweep();
    const spans: PhaseSpan[] | null = request.onHop ? [] : null;
    const copy = request.onExchange ? new ExchangeCopy(target, request.maxBytes) : null;
    const { maxBytes, truncate = false, isShared = false } = request;
    const agents = this.#agents.of(guardOf(request.allow), route);
    return new Promise((resolve) => {
      const hop: Hop = new Hop({
        target,
        agents,
        idle: this.#idle,
        limits: { maxBytes, truncate, isShared },
        clock: new PhaseClock(request.timeouts, limit.deadline, spans),
        mayStart: request.mayStart,
        started: request.onStart,
        ended: (end) => {
          this.#watchdog.delete(hop);
          limit.hop = null;
          if (spans) request.onHop?.(hopTraceOf(target, end, spans, route?.name ?? null));
          const exchange = copy?.end(end.kind === 'failed' ? end.failure : null);
          if (exchange) request.onExchange?.(exchange);
          resolve(end);
        },
        copy,
      });
      limit.hop = hop;
      this.#watchdog.add(hop);
      if (target.url.protocol === 'https:' && request.http2?.(target.url.href))
        void this.#carry(hop, target, agents, limit);
      else this.#drive(hop, target);
    });
  }

  /** What speaks HTTP/2 is loaded for the first hop that may. */
  async #carry(hop: Hop, target: Target, agents: AgentPair, limit: FetchDeadline): Promise<void> {
    const { carry } = await import('./http2/carry.ts');
    const isOver = limit.hop !== hop;
    if (!isOver) carry({ hop, target, agents, idle: this.#idle, drive: this.#drive });
  }
}
