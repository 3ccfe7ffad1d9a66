// The fetches of handlers on a thread: with connections of its own, under slots that the consumer holds.
import { type Failure, failure } from '../../errors.ts';
import type { Fetcher, FetchRequest } from '../../fetch/client.ts';
import type { HopCookies } from '../../fetch/cookies/hop-cookies.ts';
import type { AuthorizationSource } from '../../fetch/credentials/source.ts';
import type { Exchange } from '../../fetch/exchange.ts';
import type { ProxyResult, ProxySource } from '../../fetch/proxy/source.ts';
import type { RedirectAnswer } from '../../fetch/waypoint.ts';
import type { FetchResult } from '../../outcome.ts';
import { hostPortOf } from '../../url/host.ts';
import { driveFetch, type FetchGate } from '../fetch/drive.ts';
import type { BegunFetch, FetchCalls } from '../fetch/remote.ts';
import type { FetchForPage, FetchRefusal } from '../fetch/wanted.ts';
import type { RemoteCalls } from './remote-calls.ts';

/**
 * A start is not relied on for longer. The consumer renews its slot while it lives, and may have heard of it
 * half a second before.
 */
const START_HOLDS_MS = 1500;
const NO_BODY = new Uint8Array();

/** One for each thread. got is loaded for the first fetch: most handlers make none. */
export class ThreadFetches {
  #fetcher: Promise<Fetcher> | null = null;

  /** For one page. */
  forPage(calls: RemoteCalls): FetchForPage {
    return async (wanted, { signal, deadlineAt }) => {
      const ask: Ask = (name, given) => calls.call(name, given) as never;
      const begun = await ask('fetchBegin', { wanted, leftMs: deadlineAt - performance.now() });
      this.#fetcher ??= import('../../fetch/client.ts').then((client) =>
        client.createFetcher({ ...begun.fetcher, proxies: null }),
      );
      const gate = new RemoteGate(ask, begun, signal);
      try {
        const fetcher = await this.#fetcher;
        return await driveFetch(begun.request, gate, (sent) => gate.guarded(fetcher, sent));
      } finally {
        gate.leave();
      }
    };
  }
}

type Ask = <Name extends keyof FetchCalls>(
  name: Name,
  given: Parameters<FetchCalls[Name]>[0],
) => Promise<ReturnType<FetchCalls[Name]>>;

class RemoteGate implements FetchGate {
  readonly #ask: Ask;
  readonly #begun: BegunFetch;
  readonly #abort = new AbortController();
  readonly #page: AbortSignal;
  readonly #onAbort = () => this.#abort.abort(this.#page.reason);
  /** Grows while the fetch goes on. */
  readonly #seedHosts: Set<string>;
  /** The cookies of the hop that was entered last. */
  #pairs: readonly string[] = [];
  #enteredAt = 0;
  /** Counts the starts: what is heard of an earlier one no longer counts. */
  #starts = 0;
  #isHeld = true;

  constructor(ask: Ask, begun: BegunFetch, page: AbortSignal) {
    this.#ask = ask;
    this.#begun = begun;
    this.#page = page;
    this.#seedHosts = new Set(begun.allow.hosts);
    page.addEventListener('abort', this.#onAbort, { once: true });
    if (page.aborted) this.#onAbort();
  }

  /** The consumer chooses the proxy of each hop. */
  get #proxies(): ProxySource | null {
    const { fetch, proxies } = this.#begun;
    if (proxies === null) return null;
    return {
      isByName: proxies.isByName,
      pick: async ({ href: url }, tried) => {
        const lent = await this.#ask('fetchProxy', { fetch, url, tried });
        if (lent.kind !== 'proxy') return lent;
        const { kind, proxy, number } = lent;
        const done = (result: ProxyResult, failure: Failure | null) =>
          this.#tell('fetchProxyDone', { fetch, number, result, failure });
        return { kind, proxy, done };
      },
    };
  }

  /** The consumer keeps the credentials: the thread is told what to send in one request. */
  get #credentials(): AuthorizationSource | null {
    const { fetch, hasCredentials } = this.#begun;
    if (!hasCredentials) return null;
    return {
      authorize: (asked) => this.#ask('fetchAuthorize', { fetch, asked }),
      answered: (asked, sent, heard, isLast) =>
        this.#ask('fetchAnswered', { fetch, asked, sent, heard, isLast }),
    };
  }

  /** The consumer has the jar. Before each hop it says what is sent. */
  get #cookies(): HopCookies | null {
    const { fetch, hasCookies } = this.#begun;
    if (!hasCookies) return null;
    return {
      pairsFor: () => this.#pairs,
      receive: (url, lines) => this.#ask('fetchSetCookie', { fetch, url, lines }),
    };
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async enter(url: string, redirect: RedirectAnswer | null): Promise<FetchRefusal | null> {
    const { fetch } = this.#begun;
    const { refused, seedHost, cookies } = await this.#ask('fetchEnter', { fetch, url, redirect });
    if (refused) return refused;
    this.#pairs = cookies;
    if (seedHost !== null) this.#seedHosts.add(seedHost);
    this.#enteredAt = performance.now();
    this.#isHeld = false;
    void this.#watch(++this.#starts);
    return null;
  }

  async #watch(start: number): Promise<void> {
    const { fetch } = this.#begun;
    const state = await this.#ask('fetchWatch', { fetch }).catch(() => 'lapsed' as const);
    if (start !== this.#starts || state === 'over') return;
    this.#isHeld = true;
    if (state === 'lapsed') this.#abort.abort(failure('E_LOCK_LOST', 'Its slot lapsed.'));
  }

  mayStart(): boolean {
    return !this.#isHeld && performance.now() - this.#enteredAt < START_HOLDS_MS;
  }

  started(): void {
    this.#tell('fetchStarted', { fetch: this.#begun.fetch });
  }

  ended(result: FetchResult, ageMs: number): Promise<FetchRefusal | null> {
    const { fetch, wantsBody } = this.#begun;
    const told: FetchResult =
      result.ok && !wantsBody ? { ok: true, answer: { ...result.answer, body: NO_BODY } } : result;
    return this.#ask('fetchEnded', { fetch, result: told, ageMs });
  }

  /** When the guard refuses an address, the consumer may know that a seed named its host and port. */
  async guarded(fetcher: Fetcher, sent: Sent): Promise<FetchResult> {
    const { allow, fetch, wantsExchanges } = this.#begun;
    const { cidrs, ports } = allow;
    const onExchange = (exchange: Exchange) =>
      this.#tell('fetchExchange', { fetch, exchange: { ...exchange, body: [Buffer.concat(exchange.body)] } });
    const watch = wantsExchanges ? { onExchange } : {};
    const allowed = { cidrs, ports, hosts: this.#seedHosts };
    const sources = { proxies: this.#proxies, credentials: this.#credentials, cookies: this.#cookies };
    const request = { ...sent, ...watch, allow: allowed, ...sources };
    const result = await fetcher.fetch(request);
    if (result.ok || result.failure.code !== 'E_SSRF') return result;
    const hostPort = hostPortOf(result.finalUrl);
    if (this.#seedHosts.has(hostPort)) return result;
    if (!(await this.#ask('fetchSeedHost', { fetch, hostPort }))) return result;
    this.#seedHosts.add(hostPort);
    return this.guarded(fetcher, sent);
  }

  leave(): void {
    this.#page.removeEventListener('abort', this.#onAbort);
    this.#tell('fetchOver', { fetch: this.#begun.fetch });
  }

  #tell<Name extends 'fetchStarted' | 'fetchExchange' | 'fetchProxyDone' | 'fetchOver'>(
    name: Name,
    given: Parameters<FetchCalls[Name]>[0],
  ): void {
    this.#ask(name, given).catch(() => undefined); // the page is over, and so is all that it held
  }
}

type Sent = Omit<FetchRequest, 'allow'>;
