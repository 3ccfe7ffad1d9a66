// The fetches of one page, opened by whoever holds the slots: driven here, or by a thread that asks by calls.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ThreadFetcherOptions } from '../../crawl/fetcher-options.ts';
import { allowListOf, type LoadedCrawl } from '../../crawl/loaded-crawl.ts';
import { failure } from '../../errors.ts';
import type { FetchRequest } from '../../fetch/client.ts';
import type { HopCookies } from '../../fetch/cookies/hop-cookies.ts';
import type { AuthorizationSource } from '../../fetch/credentials/source.ts';
import { awayHeaders } from '../../fetch/headers.ts';
import type { ProxySource } from '../../fetch/proxy/source.ts';
import type { FetchResult } from '../../outcome.ts';
import { hostPortOf, originOf } from '../../url/host.ts';
import { driveFetch, type FetchGate, type GatedRequest } from './drive.ts';
import { LentProxies, type LentProxy } from './lent-proxies.ts';
import type { BegunFetch, FetchCalls, StartState } from './remote.ts';
import {
  type FetchForPage,
  type FetchLimits,
  type FetchRefusal,
  failedFetch,
  type WantedFetch,
} from './wanted.ts';

/** How often it is looked whether a start of a thread still holds: before it was made, and after. */
const LOOK_MS = 10;
const LOOK_STARTED_MS = 250;

/** The gate of one fetch, which holds a slot. */
export interface HeldGate extends FetchGate {
  ended(result: FetchResult, ageMs: number): FetchRefusal | null;
  /** Gives back what is held. It may be called more than once. */
  release(): void;
}

/** What came of a fetch, as metrics and the log show it. */
export type FetchNote =
  | { readonly kind: 'answer'; readonly answer: { readonly status: number } }
  | FetchRefusal;

/** Opens and sends the fetches of one page. */
export interface FetchOpener<Gate extends HeldGate = HeldGate> {
  readonly loadedCrawl: LoadedCrawl;
  /** Where redirects of the page led. */
  readonly pageUrl: string;
  /** With these, a thread makes connections of its own. */
  readonly fetcherOptions: ThreadFetcherOptions;
  /** Whom a thread asks for the proxy of each hop; null: there are none. */
  readonly proxies: ProxySource | null;
  /** Whom a thread asks what authorizes each hop; null: nothing does. */
  readonly credentials: AuthorizationSource | null;
  /** Those of the crawl and of the page's session; they are sent to the origin of the page alone. */
  readonly headers: Record<string, string>;
  /** The cookies of the page's session; null: a chain of redirects has its own. */
  readonly cookies: HopCookies | null;
  /** `count`: the number of the fetch within its page. */
  open(url: string, limits: FetchLimits, count: number): Gate;
  send(request: FetchRequest, gate: Gate): Promise<FetchResult>;
  /** The request with what the archive of the crawl wants of it, for a thread, which sends by itself. */
  watched(request: GatedRequest): GatedRequest;
  /** Whether a seed names this host:port. */
  isSeedHost(hostPort: string): Promise<boolean>;
  note(url: string, outcome: FetchNote): void;
}

/** Drives them in this process, on its event loop. */
export function fetchesHere<Gate extends HeldGate>(opener: FetchOpener<Gate>): FetchForPage {
  let count = 0;
  return async (wanted, limits) => {
    const gate = opener.open(wanted.url, limits, ++count);
    try {
      const { cookies, proxies } = opener;
      const request = { ...requestOf(opener, wanted), cookies, proxies };
      const outcome = await driveFetch(request, gate, (sent) => opener.send(sent, gate));
      opener.note(wanted.url, outcome);
      return outcome;
    } finally {
      gate.release();
    }
  };
}

/** The headers of the crawl go to the origin of the page alone, as after a redirect to another origin. */
function requestOf(
  { loadedCrawl, pageUrl, headers: ours }: Pick<FetchOpener, 'loadedCrawl' | 'pageUrl' | 'headers'>,
  wanted: WantedFetch,
): GatedRequest {
  const { settings, timeouts, userAgent, signsAs } = loadedCrawl;
  const { url, method = 'GET', headers, body = null } = wanted;
  const isHome = originOf(url) === originOf(pageUrl);
  return {
    ...{ url, method, body, userAgent, signsAs },
    headers: { ...awayHeaders(ours, isHome, body !== null), ...headers },
    timeouts: wanted.timeouts ? { ...timeouts, ...wanted.timeouts } : timeouts,
    ...{ maxBytes: settings.maxBytes, maxRedirects: settings.maxRedirects },
    allow: allowListOf(loadedCrawl),
  };
}

interface OpenFetch {
  readonly gate: HeldGate;
  readonly url: string;
  readonly over: AbortController;
  /** Counts the starts that were given. */
  starts: number;
  hasStarted: boolean;
  note: FetchNote;
  readonly onExchange: GatedRequest['onExchange'];
  readonly proxies: LentProxies;
}

type Given<Name extends keyof FetchCalls> = Parameters<FetchCalls[Name]>[0];
type Answers = {
  [Name in keyof FetchCalls]: (
    given: Given<Name>,
    page: AbortSignal,
  ) => ReturnType<FetchCalls[Name]> | Promise<ReturnType<FetchCalls[Name]>>;
};

/**
 * What a thread that has the page may ask for. When the page is over, however that came, all that its fetches
 * hold goes back.
 */
export function fetchCalls<Gate extends HeldGate>(
  opener: FetchOpener<Gate>,
): Record<string, (given: unknown, page: AbortSignal) => Promise<unknown>> {
  const answers: Answers = new ServedFetches(opener);
  const names = [
    ...(['Begin', 'Enter', 'Watch', 'Started', 'Exchange'] as const),
    ...(['SetCookie', 'SeedHost', 'Proxy', 'ProxyDone', 'Authorize', 'Answered', 'Ended', 'Over'] as const),
  ];
  return Object.fromEntries(
    names.map((name) => [
      `fetch${name}`,
      async (given: unknown, page: AbortSignal) => answers[`fetch${name}`](given as never, page),
    ]),
  );
}

class ServedFetches<Gate extends HeldGate> implements Answers {
  readonly #opener: FetchOpener<Gate>;
  readonly #open = new Map<number, OpenFetch>();
  #count = 0;

  constructor(opener: FetchOpener<Gate>) {
    this.#opener = opener;
  }

  fetchBegin({ wanted, leftMs }: Given<'fetchBegin'>, page: AbortSignal): BegunFetch {
    const fetch = ++this.#count;
    const over = new AbortController();
    const limits = { signal: over.signal, deadlineAt: performance.now() + leftMs };
    const gate = this.#opener.open(wanted.url, limits, fetch);
    const note = failedFetch(failure('E_HANDLER_SLOT'));
    const proxies = new LentProxies(this.#opener.proxies);
    const { allow, onExchange, ...request } = this.#opener.watched(requestOf(this.#opener, wanted));
    const open = { gate, url: wanted.url, over, starts: 0, hasStarted: false, note, onExchange, proxies };
    this.#open.set(fetch, open);
    page.addEventListener('abort', () => this.fetchOver({ fetch }), { once: true });
    if (page.aborted) this.fetchOver({ fetch });
    return {
      ...{ fetch, request, fetcher: this.#opener.fetcherOptions },
      allow: { cidrs: allow.cidrs, ports: allow.ports ?? [], hosts: [...allow.hosts] },
      proxies: this.#opener.proxies && { isByName: this.#opener.proxies.isByName },
      hasCredentials: this.#opener.credentials !== null,
      hasCookies: this.#opener.cookies !== null,
      wantsExchanges: onExchange !== undefined,
      wantsBody: this.#opener.loadedCrawl.settings.purpose.length > 0,
    };
  }

  async fetchEnter({ fetch, url, redirect }: Given<'fetchEnter'>) {
    const open = this.#openFetch(fetch);
    const refused = await open.gate.enter(url, redirect);
    if (refused) open.note = refused;
    open.starts++;
    open.hasStarted = false;
    const hostPort = hostPortOf(url);
    const isSeed = this.#opener.loadedCrawl.seedHosts.has(hostPort);
    const cookies = refused ? undefined : await this.#opener.cookies?.pairsFor(url);
    return { refused, seedHost: isSeed ? hostPort : null, cookies: cookies ?? [] };
  }

  async fetchWatch({ fetch }: Given<'fetchWatch'>): Promise<StartState> {
    const open = this.#openFetch(fetch);
    const { starts, gate, over } = open;
    while (open.starts === starts && !over.signal.aborted) {
      if (gate.signal.aborted) return 'lapsed';
      if (!open.hasStarted && !gate.mayStart()) return 'held';
      await sleep(open.hasStarted ? LOOK_STARTED_MS : LOOK_MS);
    }
    return 'over';
  }

  fetchStarted({ fetch }: Given<'fetchStarted'>): void {
    const open = this.#open.get(fetch);
    if (!open) return;
    open.hasStarted = true;
    open.gate.started();
  }

  fetchExchange({ fetch, exchange }: Given<'fetchExchange'>): void {
    this.#open.get(fetch)?.onExchange?.(exchange);
  }

  async fetchSetCookie({ url, lines }: Given<'fetchSetCookie'>): Promise<void> {
    await this.#opener.cookies?.receive(url, lines);
  }

  fetchSeedHost({ hostPort }: Given<'fetchSeedHost'>): Promise<boolean> {
    return this.#opener.isSeedHost(hostPort);
  }

  fetchProxy({ fetch, url, tried }: Given<'fetchProxy'>): Promise<LentProxy> {
    return this.#openFetch(fetch).proxies.lend(url, tried);
  }

  fetchProxyDone({ fetch, number, result, failure }: Given<'fetchProxyDone'>): void {
    this.#open.get(fetch)?.proxies.takeBack(number, result, failure);
  }

  async fetchAuthorize({ asked }: Given<'fetchAuthorize'>) {
    return (await this.#opener.credentials?.authorize(asked)) ?? null;
  }

  async fetchAnswered({ asked, sent, heard, isLast }: Given<'fetchAnswered'>) {
    return (await this.#opener.credentials?.answered(asked, sent, heard, isLast)) ?? null;
  }

  fetchEnded({ fetch, result, ageMs }: Given<'fetchEnded'>): FetchRefusal | null {
    const open = this.#openFetch(fetch);
    const refused = open.gate.ended(result, ageMs);
    open.starts++; // nobody needs to watch it any more
    open.note =
      refused ?? (result.ok ? { kind: 'answer', answer: result.answer } : failedFetch(result.failure));
    return refused;
  }

  fetchOver({ fetch }: Given<'fetchOver'>): void {
    const open = this.#open.get(fetch);
    if (!open) return;
    this.#open.delete(fetch);
    open.over.abort();
    open.proxies.takeAllBack();
    open.gate.release();
    this.#opener.note(open.url, open.note);
  }

  #openFetch(fetch: number): OpenFetch {
    const open = this.#open.get(fetch);
    if (!open) throw new Error(`fetch ${fetch} is over`);
    return open;
  }
}
