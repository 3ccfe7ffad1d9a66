// The fetches of a handler in drover try: by one process without Redis, and as polite as a crawl.
import { setTimeout as sleep } from 'node:timers/promises';
import { type FetchingSettings, threadFetcherOptionsOf } from '../../crawl/fetcher-options.ts';
import type { SingleFetch } from '../../crawl/single-fetch.ts';
import { failure } from '../../errors.ts';
import { namedTimeOf } from '../../fetch/named-time.ts';
import { parseRetryAfter } from '../../fetch/retry-after.ts';
import { standInOf } from '../../fetch/stand-ins.ts';
import type { RedirectAnswer } from '../../fetch/waypoint.ts';
import type { FetchResult } from '../../outcome.ts';
import { limiterKeyOf } from '../../url/host.ts';
import type { FetchOpener, HeldGate } from './serve-fetches.ts';
import { type FetchLimits, type FetchRefusal, failedFetch } from './wanted.ts';

/** What one process knows of a host while it tries. */
interface TriedHost {
  /** One fetch at a time: the next begins when this has settled. */
  last: Promise<unknown>;
  /** No start before this time, by performance.now(). */
  nextAt: number;
}

/** The fetches of one try, by limiter key. */
export class TryFetches {
  readonly single: SingleFetch;
  readonly #settings: FetchingSettings;
  readonly #hosts = new Map<string, TriedHost>();

  constructor(single: SingleFetch, settings: FetchingSettings) {
    this.single = single;
    this.#settings = settings;
  }

  /** For the handler of a page that came from this URL. */
  ofPage(pageUrl: string): FetchOpener {
    const { crawl, proxies, credentials } = this.single;
    return {
      ...{ loadedCrawl: crawl, pageUrl, proxies, credentials, cookies: null, headers: crawl.settings.header },
      fetcherOptions: threadFetcherOptionsOf({ ...this.#settings, concurrency: 4 }),
      open: (_url, limits) => new TryGate(this, limits),
      send: (request) => this.single.send(request),
      watched: (request) => request,
      isSeedHost: async (hostPort) => crawl.seedHosts.has(hostPort),
      note: () => undefined,
    };
  }

  /** The fetches of a host come one after the other. */
  hostOf(key: string): TriedHost {
    const host = this.#hosts.get(key) ?? { last: Promise.resolve(), nextAt: 0 };
    this.#hosts.set(key, host);
    return host;
  }

  /** A start at the host of the URL, outside of that order. */
  noteStart(url: string): void {
    this.hostOf(limiterKeyOf(url)).nextAt = performance.now() + this.single.crawl.settings.delay;
  }
}

/** The gate of one fetch. It holds one host at a time. */
class TryGate implements HeldGate {
  readonly signal: AbortSignal;
  readonly #fetches: TryFetches;
  readonly #deadlineAt: number;
  #host: TriedHost | null = null;
  #delayMs = 0;
  #hasStarted = true;
  #leaveHost: () => void = () => undefined;

  constructor(fetches: TryFetches, { signal, deadlineAt }: FetchLimits) {
    this.#fetches = fetches;
    this.signal = signal;
    this.#deadlineAt = deadlineAt;
  }

  async enter(url: string, redirect: RedirectAnswer | null): Promise<FetchRefusal | null> {
    const afterMs = redirect && parseRetryAfter(redirect.retryAfter, Date.now());
    if (afterMs !== null) this.#pause(afterMs);
    this.release();
    const refused = await this.#fetches.single.refusal(url);
    if (refused) return failedFetch(refused);
    this.#delayMs = await this.#fetches.single.delayMs(url);
    const host = this.#fetches.hostOf(limiterKeyOf(url));
    const before = host.last;
    const own = Promise.withResolvers<void>();
    host.last = own.promise;
    this.#leaveHost = own.resolve;
    await before;
    this.#host = host;
    this.#hasStarted = false;
    const waitMs = host.nextAt - performance.now();
    if (waitMs > this.#deadlineAt - performance.now()) {
      const detail = `The next start at ${limiterKeyOf(url)} is in ${Math.ceil(waitMs)} ms.`;
      return failedFetch(failure('E_HANDLER_SLOT', detail), waitMs);
    }
    if (waitMs > 0) await sleep(Math.ceil(waitMs), undefined, { signal: this.signal }).catch(() => undefined);
    return null;
  }

  mayStart(): boolean {
    return true;
  }

  started(): void {
    this.#hasStarted = true;
    if (this.#host) this.#host.nextAt = performance.now() + this.#delayMs;
  }

  ended(result: FetchResult): FetchRefusal | null {
    if (!result.ok) return null;
    const named = namedTimeOf(result.answer, Date.now());
    if (named) this.#pause(named.afterMs);
    const standIn = standInOf(result.answer);
    return standIn && failedFetch(standIn);
  }

  /** Lets the next fetch of the host begin. A quick answer may come before its start is told. */
  release(): void {
    if (!this.#hasStarted) this.started();
    this.#leaveHost();
    this.#host = null;
  }

  #pause(ms: number): void {
    if (this.#host) this.#host.nextAt = Math.max(this.#host.nextAt, performance.now() + ms);
  }
}
