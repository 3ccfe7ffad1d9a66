// Fetches one request with got, one redirect hop after the other. The guard checks the address of every hop.
// This is the only file that imports got.
import got, { type Got } from 'got';
import type { Failure } from '../errors.ts';
import { signerOf } from '../identity/load-signer.ts';
import { isSigned, type SignedFetch } from '../identity/signs-as.ts';
import { type FetchResult, type Redirected, unsent } from '../outcome.ts';
import { hostnameOf } from '../url/host.ts';
import { type Conditions, withConditions } from './conditions.ts';
import { type AgentPool, createAgentPool } from './connection/agent-pool.ts';
import { IdleSockets } from './connection/idle-sockets.ts';
import { ConnectionLimit } from './connection/limit.ts';
import type { Route } from './connection/route.ts';
import { type CookiedFetch, FetchCookies, sets } from './cookies/fetch-cookies.ts';
import { FetchDeadline } from './deadline.ts';
import { type Exchange, ExchangeCopy } from './exchange.ts';
import { type AllowList, guardOf } from './guard.ts';
import { failedHop, Hop, type HopEnd } from './hop.ts';
import { awaitName } from './names/await-name.ts';
import { firstAddress } from './names/first-address.ts';
import { createNames, type Names } from './names/lookup.ts';
import { hopByProxy } from './proxy/hop-by-proxy.ts';
import type { ProxySource } from './proxy/source.ts';
import { nextTarget, withinPorts } from './redirect.ts';
import { firstTarget, hostOf, portOf, type Target } from './target.ts';
import { type FetchTimeouts, PhaseClock, type PhaseSpan } from './timeouts.ts';
import { type HopTrace, hopTraceOf } from './trace.ts';
import { Watchdog } from './watchdog.ts';
import { type RedirectAnswer, type Waypoint, waypointOf } from './waypoint.ts';

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
   * an idle connection. If it returns a Failure, the fetch ends with it. Its time does not count against the
   * request limit. `redirect`: the answer that leads there; null for the same request a second time.
   */
  beforeHop?: (hop: Waypoint, redirect: RedirectAnswer | null) => Promise<Failure | null>;
  /** Called when the connection is established. With a Failure, the fetch ends and nothing is sent. */
  mayStart?: () => Failure | null;
  /** Where its proxies come from, in place of those of the fetcher. */
  proxies?: ProxySource | null;
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

export interface FetcherOptions {
  /**
   * The largest number of requests in flight, and so of connections in use. A fetch beyond it waits. The
   * limit of idle connections is twice this number, and at least 128.
   */
  concurrency: number;
  /** Name servers ("address" or "address:port") to ask. If the list is empty: those of the system. */
  dnsServers: readonly string[];
  /** Certificate authorities (PEM) to trust instead of those of Node. */
  ca?: string;
  /** The identity that `auto` means. */
  identityFile?: string;
  /** Null: every connection goes straight to the server. */
  proxies: ProxySource | null;
}

/** It owns its connections: one is enough for a process or thread. Throws E_SETTING for a bad name server. */
export function createFetcher(options: FetcherOptions): Fetcher {
  return new GotFetcher(options);
}

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

class GotFetcher implements Fetcher {
  readonly #got: Got;
  readonly #names: Names;
  readonly #idle: IdleSockets;
  readonly #agents: AgentPool;
  readonly #connections: ConnectionLimit;
  readonly #watchdog = new Watchdog();
  readonly #identityFile: string | undefined;
  readonly #proxies: ProxySource | null;

  constructor({ concurrency, dnsServers, ca, identityFile, proxies }: FetcherOptions) {
    this.#identityFile = identityFile;
    this.#proxies = proxies;
    this.#names = createNames({ servers: dnsServers });
    this.#idle = new IdleSockets(Math.max(128, 2 * concurrency));
    this.#connections = new ConnectionLimit(concurrency);
    this.#agents = createAgentPool({ names: this.#names, idle: this.#idle, ca });
    this.#got = got.extend({
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      strictContentLength: false, // Node's parser checks it
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
    let target = first;
    let redirected: readonly Redirected[] = request.from?.redirected ?? [];
    let isAway = request.from?.isAway ?? false;
    const cookies = new FetchCookies(request);
    for (let redirects = request.from?.redirects ?? 0; ; redirects++) {
      const asked = cookies.addTo(withConditions(target, request.conditions));
      const sent = asked instanceof Promise ? await fetchDeadline.waitFor(asked) : asked;
      const end = await this.#hopInLimit(request, sent, fetchDeadline, () =>
        waypointOf(target, redirects, isAway, cookies.stored()),
      );
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
   * If the server had closed the reused connection while it was idle, that is no failure of the request: the
   * hop is made once more, on a new connection.
   */
  async #freshHop(
    request: FetchRequest,
    target: Target,
    fetchDeadline: FetchDeadline,
    here: () => Waypoint,
    route: Route | null,
  ): Promise<HopEnd> {
    const end = await this.#hop(request, target, fetchDeadline, route);
    if (end.kind === 'redirect' || !end.stale || !idempotent.has(target.method)) return end;
    // The other idle connections to this host are as old, so the server has probably closed them too.
    this.#agents.of(guardOf(request.allow), route).purge(hostOf(target.url), portOf(target.url));
    const refusal = await fetchDeadline.pauseFor(request.beforeHop?.(here(), null));
    if (refusal) return failedHop(refusal, end.kind === 'answer' ? end.answer.timings : end.timings);
    return this.#hop(request, target, fetchDeadline, route);
  }

  #hop(request: FetchRequest, plain: Target, limit: FetchDeadline, route: Route | null): Promise<HopEnd> {
    const target = request.signer?.signed(plain) ?? plain;
    if (limit.aborted) return Promise.resolve(failedHop(limit.aborted));
    this.#idle.sweep();
    const spans: PhaseSpan[] | null = request.onHop ? [] : null;
    const copy = request.onExchange ? new ExchangeCopy(target, request.maxBytes) : null;
    const { maxBytes, truncate = false, isShared = false } = request;
    return new Promise((resolve) => {
      const hop: Hop = new Hop({
        target,
        agents: this.#agents.of(guardOf(request.allow), route),
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
      this.#drive(hop, target);
    });
  }

  #drive(hop: Hop, { url, method, body }: Target): void {
    const request = () => hop.send();
    const options = body === null ? { request } : { request, body, allowGetBody: true };
    const asked = method === 'GET' ? options : { ...options, method: method as 'GET' };
    const stream = this.#got.stream(url, asked);
    hop.driver = stream;
    stream.on('error', (error) => hop.onError(error));
    stream.once('response', (response) => hop.onResponse(response));
    stream.once('upgrade', (_response, socket) => hop.onUpgrade(socket));
    stream.on('data', (chunk) => hop.onData(chunk));
    stream.once('end', () => hop.onEnd());
    // For a method that may have a body, got waits until the stream is ended.
    if (body === null && method !== 'GET' && method !== 'HEAD') stream.end();
  }
}
