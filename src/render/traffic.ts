// What one page in a browser may load: every request of it is asked about here, by its URL before it leaves
// the browser, and by host and port where it arrives at drover's own proxy. What is refused is noted.
import type { Duplex } from 'node:stream';
import { type Failure, failure } from '../errors.ts';
import { type AllowList, type Guard, guardOf, refusedByUrl } from '../fetch/guard.ts';
import { plain } from '../fetch/target.ts';
import type { RefusedResource, Rendered } from '../outcome.ts';
import { hostnameOf, originOf } from '../url/host.ts';
import { normalizeUrl } from '../url/normalize.ts';
import { badPortOf } from '../url/ports.ts';
import { isTracker, type Loadable } from './blocked.ts';

/** What the crawl says about the requests of its pages. */
export interface TrafficRules {
  readonly allow: AllowList;
  readonly loads: readonly Loadable[];
  readonly maxBytes: number;
  /** Why the URL may not be asked for (robots.txt); null if it may. It may wait for robots.txt. */
  readonly mayAsk: (url: string) => Promise<Failure | null>;
  /** To be called before the guard is asked about a host: a seed may have named it. */
  readonly knowHost: (url: string) => Promise<void>;
}

const MOST_NAMED = 50;
const MOST_SHOWN_URL = 500;
const MOST_URL = 65_536;
/** What is known of longer ones is not kept. */
const MOST_KEPT_URL = 4096;
/** A page with more requests is an endless loop. */
const MOST_REQUESTS = 2000;

/** `blocked`: not wanted, so it is not named. */
export type Judgement = Failure | 'blocked' | null;

export class Traffic {
  readonly guard: Guard;
  readonly #rules: TrafficRules;
  readonly #refused = new Map<string, RefusedResource>();
  readonly #sockets = new Set<Duplex>();
  /** Origins of which the browser may ask for some URL. */
  readonly #allowed = new Set<string>();
  /** Those of which the page may not have more: URL to the verdict on it. */
  readonly #verdicts = new Map<string, Promise<Judgement>>();
  #leftOut = 0;
  #isOver = false;
  requests = 0;
  cached = 0;
  blocked = 0;
  bytes = 0;

  constructor(rules: TrafficRules) {
    this.#rules = rules;
    this.guard = guardOf(rules.allow);
  }

  /** The page is taken: nothing more is loaded for it. */
  end(): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** May the page ask for this URL? What it may not is noted. */
  judge(url: string): Promise<Judgement> {
    const known = this.#verdicts.get(url);
    if (known) return known;
    const verdict = this.#judge(url);
    if (this.#verdicts.size < MOST_REQUESTS && url.length < MOST_KEPT_URL) this.#verdicts.set(url, verdict);
    return verdict;
  }

  async #judge(url: string): Promise<Judgement> {
    if (!this.#rules.loads.includes('trackers') && isTracker(hostnameOf(url))) return 'blocked';
    const plain = plainUrl(url);
    if (plain === null) return this.#note(url, failure('E_URL_INVALID'));
    const port = badPortOf(plain, this.#rules.allow.ports);
    if (port !== null) return this.#note(url, failure('E_PORT', `Port ${port}.`));
    await this.#rules.knowHost(plain);
    const refused = refusedByUrl(plain, this.#rules.allow) ?? (await this.#rules.mayAsk(plain));
    if (refused) return this.#note(url, refused);
    this.#allowed.add(originOf(plain));
    return null;
  }

  /** A tunnel shows no more than host and port: what the browser may ask there for was judged before. */
  async judgeTunnel(hostPort: string): Promise<Judgement> {
    const [secure, open] = [`https://${hostPort}/`, `http://${hostPort}/`];
    const urls = [secure, open].flatMap((url) => plainUrl(url) ?? []);
    if (urls.length === 0) return this.#note(secure, failure('E_URL_INVALID'));
    const mayPass = urls.some((url) => this.#allowed.has(originOf(url)));
    return mayPass ? null : this.judge(hostPort.endsWith(':443') ? secure : open);
  }

  /** The connection of an allowed request is refused or fails. */
  noteFailure(url: string, reason: Failure): void {
    this.#note(url, reason);
  }

  #note(url: string, reason: Failure): Failure {
    if (this.#isOver) return reason;
    const shown = shownUrl(url);
    const { code } = reason;
    if (this.#refused.has(shown)) return reason;
    if (this.#refused.size < MOST_NAMED) this.#refused.set(shown, { url: shown, code });
    else this.#leftOut++;
    return reason;
  }

  /** Counts a request; null when the page may make it. */
  countRequest(url: string): Failure | null {
    if (++this.requests <= MOST_REQUESTS) return null;
    return this.#note(url, failure('E_LIMIT', `${MOST_REQUESTS} requests of a page.`));
  }

  /** Follows a connection to a server: its bytes are counted, and it ends with the page. */
  follow(socket: Duplex, url: string): void {
    if (this.#isOver) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => this.#take(chunk.length, url));
  }

  #take(bytes: number, url: string): void {
    this.bytes += bytes;
    if (this.bytes <= this.#rules.maxBytes || this.#isOver) return;
    this.#note(url, failure('E_TOO_LARGE', 'See --render-bytes.'));
    this.end();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What the record tells. `late`: what has not come. */
  told(late: readonly string[]): Omit<Rendered, 'ms' | 'wentTo' | 'screenshot'> {
    const { requests, cached, blocked, bytes } = this;
    const shown = [...new Set(late.map(shownUrl))];
    return {
      ...{ requests, cached, blocked, bytes },
      refused: [...this.#refused.values()],
      late: shown.slice(0, MOST_NAMED),
      leftOut: this.#leftOut + Math.max(0, shown.length - MOST_NAMED),
    };
  }
}

function plainUrl(url: string): string | null {
  const parsed = URL.parse(url);
  if (parsed === null) return null;
  // Pages may use URLs with credentials, and long ones.
  const normal = normalizeUrl(plain(parsed).href, { maxLength: MOST_URL });
  return 'url' in normal ? normal.url : null;
}

/** Without user, password and fragment, and not longer than a line of a screen or three. */
function shownUrl(url: string): string {
  return url
    .replace(/\/\/[^/@?#]*@/, '//')
    .replace(/#.*$/s, '')
    .slice(0, MOST_SHOWN_URL);
}
