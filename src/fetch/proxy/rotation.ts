// Chooses the proxy of each hop: in turn, or the same one for each host, among those that work and have room.
import { type ProxyAddress, type ProxyFunction, readProxyAddress } from '../../config/proxy-address.ts';
import { failure } from '../../errors.ts';
import { hostOf } from '../target.ts';
import { ofHost, ProxyMember, type ProxyStanding } from './member.ts';
import type { NoProxy } from './no-proxy.ts';
import type { ProxyPlace, ProxyRoom } from './room.ts';
import type { HeardResult, ProxyPick, ProxySource } from './source.ts';

/** How long a function may take to choose. */
const CHOICE_MS = 10_000;
/** How many proxies of a function are remembered. */
const MOST_CHOSEN = 10_000;
/** At so many proxies the fleet is asked for a place at a time. */
const MOST_ASKED = 10;

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
  /** Where the fleet counts them; null: this process alone does. */
  readonly room?: () => ProxyRoom | null;
  readonly onResult: HeardResult;
  readonly now: () => number;
}

export class Rotation implements ProxySource {
  readonly isByName: boolean;
  readonly #options: RotationOptions;
  readonly #known = new Map<string, ProxyMember>();
  readonly #members: readonly ProxyMember[];
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
    const wanted = choice as readonly ProxyMember[];
    const host = hostOf(url);
    const isNext = this.#isRoundRobin && session === undefined;
    const order: Order = { wanted, tried, host, sticky: session ?? host, at: isNext ? this.#picks++ : null };
    for (;;) {
      const now = this.#options.now();
      if (this.#there(order, now).length === 0) return none(wanted, now);
      const [best] = this.#inOrder(order, ({ inFlight, asking }) => inFlight + asking);
      const room = this.#options.room?.() ?? null;
      if (best && (room === null || this.#options.most === null)) return this.#take(best, host, null);
      const found = best && room ? await this.#placeIn(room, best, order) : null;
      if (found) return this.#take(found.member, host, found.place);
      if (!best) await new Promise<void>((freed) => this.#waiting.add(freed));
    }
  }

  standings(): ProxyStanding[] {
    const now = this.#options.now();
    return [...this.#known.values()].map((member) => member.standing(now));
  }

  /** The members to choose from, the best first; or the pick itself. */
  #choices(url: URL): readonly ProxyMember[] | ProxyPick | Promise<readonly ProxyMember[] | ProxyPick> {
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

  async #byFunction(
    choose: ProxyFunction,
    { href, hostname }: URL,
  ): Promise<readonly ProxyMember[] | ProxyPick> {
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

  #member(address: ProxyAddress, text = address.name): ProxyMember {
    const known = this.#known.get(text);
    if (known) return known;
    const idle =
      this.#known.size >= MOST_CHOSEN ? [...this.#known].find(([, { inFlight }]) => inFlight === 0) : null;
    if (idle && this.#options.list.kind === 'function') this.#known.delete(idle[0]);
    const member = new ProxyMember(address);
    this.#known.set(text, member);
    return member;
  }

  get #isRoundRobin(): boolean {
    const { list } = this.#options;
    return list.kind === 'list' && list.by === 'round-robin';
  }

  /** Those that may be used now. */
  #there({ wanted, tried }: Order, now: number): ProxyMember[] {
    return wanted.filter(
      ({ address, health }) => !tried.includes(address.name) && health.leftOutMs(now) === 0,
    );
  }

  /**
   * Those to take, the best first: the next in order, or the one for the host or session. `counted`: how many
   * hops a member has. Without those that have no room.
   */
  #inOrder(order: Order, counted: (member: ProxyMember) => number): ProxyMember[] {
    const { wanted, host, sticky, at } = order;
    const now = this.#options.now();
    const there = this.#there(order, now);
    const willing = there.filter((member) => !member.refuses(host, now));
    const members = willing.length > 0 ? willing : there;
    const { most } = this.#options;
    const hasRoom = (member: ProxyMember) => most === null || counted(member) < most;
    if (at === null) {
      const best = ofHost(members, sticky);
      return best && hasRoom(best) ? [best] : [];
    }
    const free = new Set(members.filter(hasRoom));
    const from = at % wanted.length;
    return [...wanted.slice(from), ...wanted.slice(0, from)].filter((member) => free.has(member));
  }

  /** Waits until the fleet has a place at one of them. Null when they stand in another way meanwhile. */
  async #placeIn(
    room: ProxyRoom,
    best: ProxyMember,
    order: Order,
  ): Promise<{ member: ProxyMember; place: ProxyPlace } | null> {
    let { at } = order;
    const names = () => {
      const members = this.#inOrder({ ...order, at }, ({ inFlight }) => inFlight);
      if (at !== null && order.wanted.length > MOST_ASKED) at += MOST_ASKED;
      return members.slice(0, MOST_ASKED).map(({ address }) => address.name);
    };
    best.asking++;
    let place: ProxyPlace | null = null;
    try {
      place = await room.take(names);
    } finally {
      best.asking--;
      if (place?.name !== best.address.name) this.#wake();
    }
    if (place === null) return null;
    const { name } = place;
    const member = this.#there(order, this.#options.now()).find(({ address }) => address.name === name);
    if (member) return { member, place };
    place.give();
    return null;
  }

  #take(member: ProxyMember, host: string, place: ProxyPlace | null): ProxyPick {
    member.inFlight++;
    member.health.used();
    let isDone = false;
    return {
      kind: 'proxy',
      proxy: member.address,
      ...(place ? { lapsed: place.lapsed } : {}),
      done: (result, reason) => {
        if (isDone) return;
        isDone = true;
        member.ended(result, host, reason, this.#options.now());
        place?.give();
        this.#options.onResult(result, reason);
        this.#wake();
      },
    };
  }

  /** Those who wait for room in this process look again. */
  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const freed of waiting) freed();
  }
}

/** What one hop chooses by. */
interface Order {
  readonly wanted: readonly ProxyMember[];
  readonly tried: readonly string[];
  readonly host: string;
  /** The host or the session that has a proxy of its own. */
  readonly sticky: string;
  /** Of proxies that are taken in turn: with which of them to begin; else null. */
  readonly at: number | null;
}

/** Why none of them may be used: what the one says that is there again first. */
function none(members: readonly ProxyMember[], now: number): ProxyPick {
  const [first] = members
    .map((member) => ({ member, againMs: member.health.leftOutMs(now) }))
    .sort((one, other) => one.againMs - other.againMs);
  const reason = first?.member.failure ?? failure('E_PROXY_CONNECT');
  return { kind: 'none', failure: reason, againMs: Math.max(first?.againMs ?? 0, 100) };
}

function within<T>(ms: number, work: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`it took longer than ${ms} ms`)), ms);
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => clearTimeout(late));
  });
}
