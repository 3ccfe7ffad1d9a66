// Chooses the proxy of each hop: in turn, or the same one for each host, among those that work and have room.
import { type ProxyAddress, type ProxyFunction, readProxyAddress } from '../../config/proxy-address.ts';
import { type Failure, failure } from '../../errors.ts';
import { hostOf } from '../target.ts';
import { ProxyHealth } from './health.ts';
import type { NoProxy } from './no-proxy.ts';
import type { HeardResult, ProxyPick, ProxyResult, ProxySource } from './source.ts';

/** For so long, another proxy is chosen for a host that this one did not connect to. */
const REFUSED_MS = 60_000;
const MOST_REFUSED = 1000;
/** How long a function may take to choose. */
const CHOICE_MS = 10_000;
/** How many proxies of a function are remembered. */
const MOST_CHOSEN = 10_000;

/** Which proxies there are. */
export type ProxyList =
  | { readonly kind: 'list'; readonly proxies: readonly ProxyAddress[]; readonly by: 'round-robin' | 'host' }
  /** By the scheme of the URL; null: straight to the server. */
  | { readonly kind: 'scheme'; readonly http: ProxyAddress | null; readonly https: ProxyAddress | null }
  | { readonly kind: 'function'; readonly choose: ProxyFunction };

export interface RotationOptions {
  readonly list: ProxyList;
  readonly noProxy: NoProxy;
  readonly isByName: boolean;
  /** Fetches in flight through one proxy; null for no limit. */
  readonly most: number | null;
  readonly onResult: HeardResult;
  readonly now: () => number;
}

/** How one proxy stands, without user and password. */
export interface ProxyStanding {
  name: string;
  inFlight: number;
  /** Hops that went through it, and hops that it failed. */
  worked: number;
  failed: number;
  /** For how long it is left out; 0 if it is not. */
  leftOutMs: number;
  /** The code and the text of its last failure. */
  failure: { code: string; message: string } | null;
}

export class Rotation implements ProxySource {
  readonly isByName: boolean;
  readonly #options: RotationOptions;
  readonly #known = new Map<string, Member>();
  readonly #members: readonly Member[];
  readonly #waiting = new Set<() => void>();
  #picks = 0;

  constructor(options: RotationOptions) {
    this.#options = options;
    this.isByName = options.isByName;
    this.#members =
      options.list.kind === 'list' ? options.list.proxies.map((each) => this.#member(each)) : [];
  }

  async pick(url: URL, tried: readonly string[], session?: string): Promise<ProxyPick> {
    if (this.#options.noProxy(url)) return { kind: 'direct' };
    const choice = await this.#choices(url);
    if (!Array.isArray(choice)) return choice as ProxyPick;
    const wanted = choice as readonly Member[];
    const host = hostOf(url);
    const pick = this.#picks++;
    for (;;) {
      const now = this.#options.now();
      const there = wanted.filter(
        ({ address, health }) => !tried.includes(address.name) && health.leftOutMs(now) === 0,
      );
      if (there.length === 0) return none(wanted, now);
      const willing = there.filter((member) => !member.refuses(host, now));
      const found = this.#ofThese(
        willing.length > 0 ? willing : there,
        session ?? host,
        wanted,
        session === undefined ? pick : null,
      );
      if (found) return this.#take(found, host);
      await new Promise<void>((freed) => this.#waiting.add(freed));
    }
  }

  standings(): ProxyStanding[] {
    const now = this.#options.now();
    return [...this.#known.values()].map((member) => member.standing(now));
  }

  /** The members to choose from, the best first; or the pick itself. */
  #choices(url: URL): readonly Member[] | ProxyPick | Promise<readonly Member[] | ProxyPick> {
    const { list } = this.#options;
    switch (list.kind) {
      case 'list':
        return this.#members;
      case 'scheme': {
        const proxy = url.protocol === 'https:' ? list.https : list.http;
        return proxy === null ? { kind: 'direct' } : [this.#member(proxy)];
      }
      case 'function':
        return this.#byFunction(list.choose, url);
      default:
        return list satisfies never;
    }
  }

  async #byFunction(choose: ProxyFunction, { href, hostname }: URL): Promise<readonly Member[] | ProxyPick> {
    const now = this.#options.now();
    const out = [...this.#known].filter(([, { health }]) => health.leftOutMs(now) > 0);
    try {
      const asked = choose({ url: href, host: hostname, failed: out.map(([text]) => text) });
      const chosen = await within(CHOICE_MS, asked);
      if (chosen === null) return { kind: 'direct' };
      if (typeof chosen !== 'string') throw new Error('it returned neither a text nor null');
      const known = this.#known.get(chosen);
      if (known) return [known];
      const address = readProxyAddress(chosen);
      if (address.byName && !this.isByName) throw new Error('socks5h needs --proxy-dns');
      return [this.#member(this.#numbered(address), chosen)];
    } catch (error) {
      const reason = failure('E_PROXY_CHOICE', `${(error as Error)?.message ?? error}.`);
      return { kind: 'none', failure: reason, againMs: null };
    }
  }

  #numbered(address: ProxyAddress): ProxyAddress {
    const same = [...this.#known.values()].filter(
      ({ address: { name } }) => name.split('#')[0] === address.name,
    );
    return same.length === 0 ? address : { ...address, name: `${address.name}#${same.length + 1}` };
  }

  #member(address: ProxyAddress, text = address.name): Member {
    const known = this.#known.get(text);
    if (known) return known;
    const idle =
      this.#known.size >= MOST_CHOSEN ? [...this.#known].find(([, { inFlight }]) => inFlight === 0) : null;
    if (idle && this.#options.list.kind === 'function') this.#known.delete(idle[0]);
    const member = new Member(address);
    this.#known.set(text, member);
    return member;
  }

  /**
   * One of `members`, which are some of `all`: the one for the host or session `sticky`, or the next in order
   * after as many picks. Undefined when there is no room.
   */
  #ofThese(
    members: readonly Member[],
    sticky: string,
    all: readonly Member[],
    pick: number | null,
  ): Member | undefined {
    const { list, most } = this.#options;
    const hasRoom = ({ inFlight }: Member) => most === null || inFlight < most;
    if (list.kind === 'list' && list.by === 'round-robin' && pick !== null) {
      const free = new Set(members.filter(hasRoom));
      const at = pick % all.length;
      return all.slice(at).find((member) => free.has(member)) ?? all.find((member) => free.has(member));
    }
    const best = ofHost(members, sticky);
    return best && hasRoom(best) ? best : undefined;
  }

  #take(member: Member, host: string): ProxyPick {
    member.inFlight++;
    member.health.used();
    let isDone = false;
    return {
      kind: 'proxy',
      proxy: member.address,
      done: (result, reason) => {
        if (isDone) return;
        isDone = true;
        member.ended(result, host, reason, this.#options.now());
        this.#options.onResult(result, reason);
        const waiting = [...this.#waiting];
        this.#waiting.clear();
        for (const freed of waiting) freed();
      },
    };
  }
}

class Member {
  readonly address: ProxyAddress;
  readonly health = new ProxyHealth();
  inFlight = 0;
  #worked = 0;
  #failed = 0;
  #failure: Failure | null = null;
  /** The hosts to which it made no connection, and until when that counts. */
  readonly #refused = new Map<string, number>();

  readonly hash: number;

  constructor(address: ProxyAddress) {
    this.address = address;
    this.hash = hashOf(address.name);
  }

  refuses(host: string, now: number): boolean {
    return this.#refused.size > 0 && (this.#refused.get(host) ?? 0) > now;
  }

  ended(result: ProxyResult, host: string, reason: Failure | null, now: number): void {
    this.inFlight--;
    this.health.ended(result, now);
    if (result === 'unknown') return;
    if (result === 'worked') {
      this.#worked++;
      this.#refused.delete(host);
      return;
    }
    this.#failed++;
    this.#failure = reason ?? this.#failure;
    if (result !== 'refused') return;
    if (this.#refused.size >= MOST_REFUSED) this.#refused.delete(this.#refused.keys().next().value ?? '');
    this.#refused.set(host, now + REFUSED_MS);
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  standing(now: number): ProxyStanding {
    const { code, message } = this.#failure ?? {};
    return {
      name: this.address.name,
      inFlight: this.inFlight,
      worked: this.#worked,
      failed: this.#failed,
      leftOutMs: Math.ceil(this.health.leftOutMs(now)),
      failure: code === undefined || message === undefined ? null : { code, message },
    };
  }
}

/** Why none of them may be used: what the one says that is there again first. */
function none(members: readonly Member[], now: number): ProxyPick {
  const [first] = members
    .map((member) => ({ member, againMs: member.health.leftOutMs(now) }))
    .sort((one, other) => one.againMs - other.againMs);
  const reason = first?.member.failure ?? failure('E_PROXY_CONNECT');
  return { kind: 'none', failure: reason, againMs: Math.max(first?.againMs ?? 0, 100) };
}

/**
 * Rendezvous hashing: each host has its own order of the proxies, the same in every process, and a proxy that
 * is left out moves no other host.
 */
function ofHost(members: readonly Member[], host: string): Member | undefined {
  const own = hashOf(host);
  let [best, most] = [members[0], -1];
  for (const member of members) {
    const weight = mixed(own ^ member.hash);
    if (weight > most) [best, most] = [member, weight];
  }
  return best;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The end of MurmurHash3: every bit of the number counts for every bit of the result. */
function mixed(number: number): number {
  let bits = number;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function within<T>(ms: number, work: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`it took longer than ${ms} ms`)), ms);
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => clearTimeout(late));
  });
}
