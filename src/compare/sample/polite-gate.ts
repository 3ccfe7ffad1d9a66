// Keeps what a crawl promises to hosts, in one process and without Redis: fetches in flight at a host and at
// a server, the delay between two starts, Crawl-delay, and pauses after refusals.
import type { CrawlSettings } from '../../config/settings.ts';
import { hostPromiseOf } from '../../crawl/host-limits.ts';
import { hostnameOf, limiterKeyOf, registrableDomain } from '../../url/host.ts';

interface Host {
  readonly key: string;
  readonly server: string;
  readonly most: number;
  delayMs: number;
  inFlight: number;
  /** When the next fetch may start, by performance.now(). */
  nextAt: number;
  /** Whether its robots.txt was asked for. */
  isAsked: boolean;
}

type Limits = Pick<CrawlSettings, 'perHost' | 'delay' | 'hosts' | 'perServer' | 'serverBy'>;

export class PoliteGate {
  readonly #limits: Limits;
  readonly #urls: readonly string[];
  readonly #hosts = new Map<string, Host>();
  /** The hosts whose slots a page holds: its own, and those to which it was redirected. */
  readonly #held = new Map<number, Host[]>();
  #cursor = 0;
  #left = Number.POSITIVE_INFINITY;
  /** Runs end: who waits gets nothing. */
  #run = 0;

  constructor(urls: readonly string[], limits: Limits) {
    this.#urls = urls;
    this.#limits = limits;
  }

  /** A run fetches at most so many pages. What an earlier run holds is free. */
  beginRun(mostPages: number): void {
    this.#run++;
    this.#left = mostPages;
    this.#held.clear();
    for (const host of this.#hosts.values()) host.inFlight = 0;
  }

  /** The index of the next page that may start, as soon as its host allows one; null when there are none. */
  async next(): Promise<number | null> {
    const run = this.#run;
    while (run === this.#run && this.#left > 0) {
      let soonestMs = LOOK_MS;
      for (let step = 0; step < this.#urls.length; step++) {
        const index = (this.#cursor + step) % this.#urls.length;
        if (this.#held.has(index)) continue;
        const host = this.#host(this.#urls[index] as string);
        const waitMs = this.#waitMs(host);
        if (waitMs > 0) {
          soonestMs = Math.min(soonestMs, waitMs);
          continue;
        }
        this.#cursor = index + 1;
        this.#left--;
        this.#start(index, host);
        return index;
      }
      await new Promise((wake) => setTimeout(wake, soonestMs));
    }
    return null;
  }

  /** Resolves when a redirect of a page may go on to this URL. */
  async hop(index: number, url: string): Promise<void> {
    const host = this.#host(url);
    const run = this.#run;
    const isHeld = () => this.#held.get(index)?.includes(host) ?? false;
    while (run === this.#run && this.#waitMs(host, isHeld()) > 0)
      await new Promise((wake) => setTimeout(wake, Math.min(LOOK_MS, this.#waitMs(host, isHeld()))));
    if (isHeld()) host.nextAt = performance.now() + host.delayMs;
    else this.#start(index, host);
  }

  /** The page was fetched. Nothing starts at its hosts for `pauseMs`. */
  leave(index: number, pauseMs: number): void {
    for (const host of this.#held.get(index) ?? []) {
      host.inFlight--;
      if (pauseMs > 0) host.nextAt = Math.max(host.nextAt, performance.now() + pauseMs);
    }
    this.#held.delete(index);
  }

  /** What robots.txt asks for. That it was fetched counts as a start. */
  noteRobots(url: string, delayMs: number): void {
    const host = this.#host(url);
    host.delayMs = Math.max(host.delayMs, delayMs);
    if (!host.isAsked) host.nextAt = Math.max(host.nextAt, performance.now() + host.delayMs);
    host.isAsked = true;
  }

  /** How many requests of all pages may be in flight at once, and start in a second. */
  most(): { atOnce: number; perSecond: number; hosts: number } {
    const urlsOf = Map.groupBy(this.#urls, (url) => this.#host(url));
    const atHost = [...urlsOf].map(([host, urls]) => ({ host, most: Math.min(host.most, urls.length) }));
    const servers = Map.groupBy(atHost, ({ host }) => host.server);
    const perServer = this.#limits.perServer ?? Number.POSITIVE_INFINITY;
    const atOnce = [...servers.values()].reduce(
      (sum, each) =>
        sum +
        Math.min(
          perServer,
          each.reduce((all, { most }) => all + most, 0),
        ),
      0,
    );
    const perSecond = [...urlsOf.keys()].reduce((sum, { delayMs }) => sum + 1000 / delayMs, 0);
    return { atOnce, perSecond, hosts: urlsOf.size };
  }

  #start(index: number, host: Host): void {
    host.inFlight++;
    host.nextAt = performance.now() + host.delayMs;
    this.#held.set(index, [...(this.#held.get(index) ?? []), host]);
  }

  #waitMs(host: Host, isHeld = false): number {
    const waitMs = Math.max(0, host.nextAt - performance.now());
    const isFull = !isHeld && (host.inFlight >= host.most || this.#isServerFull(host));
    return isFull ? Math.max(waitMs, 5) : waitMs;
  }

  #isServerFull({ server }: Host): boolean {
    const { perServer } = this.#limits;
    if (perServer === null) return false;
    let inFlight = 0;
    for (const host of this.#hosts.values()) if (host.server === server) inFlight += host.inFlight;
    return inFlight >= perServer;
  }

  #host(url: string): Host {
    const key = limiterKeyOf(url);
    let host = this.#hosts.get(key);
    if (!host) {
      // The addresses of names are not looked up here: then all of them count as one server.
      const isByDomain = this.#limits.serverBy === 'domain';
      host = {
        ...{ key, ...hostPromiseOf(key, this.#limits), inFlight: 0, nextAt: 0, isAsked: false },
        server: isByDomain ? registrableDomain(hostnameOf(url)) : '',
      };
      this.#hosts.set(key, host);
    }
    return host;
  }
}

const LOOK_MS = 50;
