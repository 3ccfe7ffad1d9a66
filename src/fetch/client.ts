// Fetching: one request through got, hop by hop, every hop under the guard. The one import of got.
import tls from 'node:tls';
import got, { type Got } from 'got';
import { type Failure, failure } from '../errors.ts';
import { type FetchResult, NO_TIMINGS } from '../outcome.ts';
import { type AgentPool, createAgentPool } from './connection/agent-pool.ts';
import { IdleSockets } from './connection/idle-sockets.ts';
import { ConnectionLimit } from './connection/limit.ts';
import { FetchDeadline } from './deadline.ts';
import { type AllowList, guardOf } from './guard.ts';
import { Hop, type HopEnd } from './hop.ts';
import { firstAddress } from './names/first-address.ts';
import { createNames, type Names } from './names/lookup.ts';
import { followRedirect } from './redirect.ts';
import { firstTarget, hostOf, portOf, type Target } from './target.ts';
import { type FetchTimeouts, PhaseClock } from './timeouts.ts';
import { Watchdog } from './watchdog.ts';

export type { FetchTimeouts } from './timeouts.ts';

export interface FetchRequest {
  url: string;
  method: string;
  /**
   * Sent to the origin of `url`; after a redirect to another origin only user-agent and accept* go on. Headers of the
   * connection (RFC 9110 section 7.6.1) are left out.
   */
  headers: Record<string, string>;
  body: string | null;
  userAgent: string;
  timeouts: FetchTimeouts;
  /** Of the decoded body. */
  maxBytes: number;
  /** A longer body is cut off at `maxBytes` rather than E_TOO_LARGE. */
  truncate?: boolean;
  maxRedirects: number;
  allow: AllowList;
  /** Where to begin instead of `url`: a hop that a former fetch of the same request had reached. */
  from?: Waypoint | null;
  /**
   * Asked before each redirect hop, and before a request is sent once more because an idle connection had been closed; a Failure ends the fetch.
   * Its time does not count against the request limit. `redirect`: the answer that leads there, null for the same request once more.
   */
  beforeHop?: (hop: Waypoint, redirect: RedirectAnswer | null) => Promise<Failure | null>;
  /** Asked when the request could be written, on a connection that stands; a Failure ends the fetch before that. */
  mayStart?: () => Failure | null;
  /** Aborting ends the fetch with E_LOCK_LOST, or with the signal's reason if that is a Failure. */
  signal?: AbortSignal;
  /** Called at each hop when the request has gone out, on a connection that stands. */
  onStart?: () => void;
}

/** What an answer that is followed says besides its Location. */
export interface RedirectAnswer {
  status: number;
  /** The Retry-After header as it came. */
  retryAfter: string | null;
}

/** A hop of a request's redirects. */
export interface Waypoint {
  url: string;
  method: string;
  /** Redirects followed to get here. */
  redirects: number;
  /** It lies at another origin, or behind one: the request's own headers stay behind. */
  isAway: boolean;
  withBody: boolean;
}

export interface Fetcher {
  /** Never rejects for anything that a server or the network can do. */
  fetch(request: FetchRequest): Promise<FetchResult>;
  /** The address that the name has (the least of several, IPv4 first), null if it has none or cannot be looked up within 5 s. */
  addressOf(hostname: string): Promise<string | null>;
  /** Closes idle connections; fetches in flight go on to their end. */
  close(): void;
}

export interface FetcherOptions {
  /** Most requests in flight, and so connections in use; a fetch beyond them waits. The idle ones follow it. */
  concurrency: number;
  /** Name servers ("address" or "address:port") to ask instead of those of the system. */
  dnsServers: readonly string[];
  /** Authorities (PEM) to trust instead of those of the system. */
  ca?: string;
}

/** One for each process or handler thread: it holds the connections. Throws E_SETTING on a wrong name server. */
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

  constructor({ concurrency, dnsServers, ca }: FetcherOptions) {
    this.#names = createNames({ servers: dnsServers });
    this.#idle = new IdleSockets(Math.max(128, 2 * concurrency));
    this.#connections = new ConnectionLimit(concurrency);
    const secureContext = tls.createSecureContext(ca ? { ca } : {});
    this.#agents = createAgentPool({ names: this.#names, idle: this.#idle, secureContext });
    this.#got = got.extend({
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      strictContentLength: false, // node's parser does it
    });
  }

  async fetch(request: FetchRequest): Promise<FetchResult> {
    const target = firstTarget(request);
    if ('code' in target) return { ok: false, failure: target, timings: NO_TIMINGS, finalUrl: request.url };
    const fetchDeadline = new FetchDeadline(request.timeouts.request);
    const ignore = request.signal && fetchDeadline.heed(request.signal);
    try {
      return await this.#follow(request, target, fetchDeadline);
    } finally {
      ignore?.();
    }
  }

  addressOf(hostname: string): Promise<string | null> {
    return firstAddress(this.#names, hostname);
  }

  close(): void {
    this.#agents.retire();
    this.#idle.close();
    this.#names.close();
  }

  async #follow(request: FetchRequest, first: Target, fetchDeadline: FetchDeadline): Promise<FetchResult> {
    let target = first;
    let isAway = request.from?.isAway ?? false;
    for (let redirects = request.from?.redirects ?? 0; ; redirects++) {
      const end = await this.#travel(request, target, fetchDeadline, () =>
        waypoint(target, redirects, isAway),
      );
      const finalUrl = target.url.href;
      if (end.kind === 'answer') return { ok: true, answer: { finalUrl, redirects, ...end.answer } };
      const { timings } = end;
      if (end.kind === 'failed') {
        const { failure, came } = end;
        return { ok: false, failure, timings, finalUrl, ...(came ? { came } : {}) };
      }
      const next = nextTarget(request, target, end, redirects);
      if ('code' in next) return { ok: false, failure: next, timings, finalUrl };
      isAway ||= next.url.origin !== target.url.origin;
      const refusal = await fetchDeadline.pauseFor(
        request.beforeHop?.(waypoint(next, redirects + 1, isAway), end),
      );
      if (refusal) return { ok: false, failure: refusal, timings, finalUrl: next.url.href };
      target = next;
    }
  }

  /**
   * One hop, in its place among those in flight. A connection that the server closed while it lay idle is nobody's
   * failure: the hop is made once more, on a new one.
   */
  async #travel(
    request: FetchRequest,
    target: Target,
    fetchDeadline: FetchDeadline,
    here: () => Waypoint,
  ): Promise<HopEnd> {
    const waiting = this.#connections.take();
    if (waiting) await fetchDeadline.pauseFor(waiting);
    try {
      const end = await this.#hop(request, target, fetchDeadline);
      if (end.kind !== 'failed' || !end.stale || !idempotent.has(target.method)) return end;
      // Its neighbours are as old.
      this.#agents.of(guardOf(request.allow)).purge(hostOf(target.url), portOf(target.url));
      const refusal = await fetchDeadline.pauseFor(request.beforeHop?.(here(), null));
      if (refusal) return { ...end, failure: refusal, stale: false };
      return await this.#hop(request, target, fetchDeadline);
    } finally {
      this.#connections.give();
    }
  }

  #hop(request: FetchRequest, target: Target, fetchDeadline: FetchDeadline): Promise<HopEnd> {
    if (fetchDeadline.aborted) return Promise.resolve(unmade(fetchDeadline.aborted));
    this.#idle.sweep();
    return new Promise((resolve) => {
      const hop: Hop = new Hop({
        target,
        agents: this.#agents.of(guardOf(request.allow)),
        idle: this.#idle,
        limits: { maxBytes: request.maxBytes, truncate: request.truncate ?? false },
        clock: new PhaseClock(request.timeouts, fetchDeadline.deadline),
        mayStart: request.mayStart,
        started: request.onStart,
        ended: (end) => {
          this.#watchdog.delete(hop);
          fetchDeadline.hop = null;
          resolve(end);
        },
      });
      fetchDeadline.hop = hop;
      this.#watchdog.add(hop);
      this.#drive(hop, target);
    });
  }

  #drive(hop: Hop, { url, method, body }: Target): void {
    const request = () => hop.send();
    const options = body === null ? { request } : { request, body, allowGetBody: true };
    const stream = this.#got.stream(
      url,
      method === 'GET' ? options : { ...options, method: method as 'GET' },
    );
    hop.driver = stream;
    stream.on('error', (error) => hop.onError(error));
    stream.once('response', (response) => hop.onResponse(response));
    stream.once('upgrade', (_response, socket) => hop.onUpgrade(socket));
    stream.on('data', (chunk) => hop.onData(chunk));
    stream.once('end', () => hop.onEnd());
    // got waits for a body where a method may have one.
    if (body === null && method !== 'GET' && method !== 'HEAD') stream.end();
  }
}

function nextTarget(
  request: FetchRequest,
  from: Target,
  redirect: { status: number; location: string },
  redirects: number,
): Target | Failure {
  if (redirects >= request.maxRedirects) return failure('E_REDIRECT_LOOP', `Limit ${request.maxRedirects}.`);
  return followRedirect(from, redirect.status, redirect.location);
}

function waypoint({ url, method, body }: Target, redirects: number, isAway: boolean): Waypoint {
  return { url: url.href, method, redirects, isAway, withBody: body !== null };
}

function unmade(reason: Failure): HopEnd {
  return { kind: 'failed', failure: reason, stale: false, timings: NO_TIMINGS };
}
