// Places at proxies for the whole fleet (--per-proxy), as slots are for hosts. Redis keeps them; this file
// takes those of this process, many with one call, and renews them. Whoever gets none asks again when the
// fleet says that there is one for this process, and else a few times a second.
import { failure } from '../errors.ts';
import type { ProxyPlace, ProxyRoom } from '../fetch/proxy/room.ts';
import type { Fleet } from '../fleet.ts';
import { defineScript, type ScriptArgument } from '../scripts.ts';
import { LEASE_MS } from './gate-question.ts';
import type { KeyEvents } from './key-events.ts';

const HEARTBEAT_MS = 500;
/** A fetch whose place was not confirmed for so long is cut off: the next beat could be too late. */
const SURE_MS = LEASE_MS - HEARTBEAT_MS;
/** Who waits asks again after this time at the least, and up to as much later, whatever it has heard. */
const AGAIN_MS = 125;
/** A consumer that does not ask again for so long no longer counts as waiting. */
const WAITS_MS = 1000;
/** A place is passed on within this process for at most this time. Then other consumers get their turn. */
const MOST_PASSING_MS = 250;
/** For so many fetches at once. */
const MOST_ASKED = 100;

interface WaitingFetch {
  readonly names: () => readonly string[];
  /** What `names` said last. */
  asked: readonly string[];
  resolve(place: ProxyPlace | null): void;
}

interface HeldPlace {
  readonly name: string;
  readonly since: number;
  heardAt: number;
  readonly lapse: AbortController;
}

interface WantedPlace {
  readonly names: readonly string[];
  readonly holder: string;
}

const takeScript = defineScript({
  path: 'politeness/lua/take-proxy-places.lua',
  key: (keys, { wanted }) => keys.proxyHolders(wanted[0]?.names[0] ?? ''),
  args: ({ consumer, most, wanted }: { consumer: string; most: number; wanted: readonly WantedPlace[] }) => {
    const args: ScriptArgument[] = [consumer, most, LEASE_MS, WAITS_MS];
    for (const { holder, names } of wanted) args.push(holder, names.length, ...names);
    return args;
  },
  answer: (reply) => reply as number[],
});

const giveScript = defineScript({
  path: 'politeness/lua/give-proxy-places.lua',
  key: (keys, { places }) => keys.proxyHolders(places[0]?.[0] ?? ''),
  /** Each place is its proxy and its name; '' for the end of the wait at the proxy. */
  args: ({ consumer, places }: { consumer: string; places: readonly (readonly [string, string])[] }) => [
    consumer,
    ...places.flat(),
  ],
  answer: () => undefined,
});

const renewScript = defineScript({
  path: 'politeness/lua/renew-proxy-places.lua',
  key: (keys, places) => keys.proxyHolders(places[0]?.[0] ?? ''),
  args: (places: readonly (readonly [string, string])[]) => [LEASE_MS, ...places.flat()],
  answer: (reply) => reply as string[],
});

export interface ProxyRoomParts {
  fleet: Fleet;
  /** Its name in the fleet, without blanks. */
  consumer: string;
  /** Fetches in flight through one proxy. */
  most: number;
  keyEvents: KeyEvents;
  onError: (error: unknown) => void;
}

export class FleetProxyRoom implements ProxyRoom {
  readonly #parts: ProxyRoomParts;
  readonly #waiting = new Set<WaitingFetch>();
  readonly #held = new Map<string, HeldPlace>();
  #isAsking = false;
  /** Something has changed since the fleet was asked. */
  #isWanted = false;
  #isStopped = false;
  #again: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | null = null;
  #isRenewing = false;
  #count = 0;

  constructor(parts: ProxyRoomParts) {
    this.#parts = parts;
    parts.keyEvents.onProxy((consumer, proxy) => {
      if (consumer === parts.consumer) this.#hearProxy(proxy);
    });
  }

  take(names: () => readonly string[]): Promise<ProxyPlace | null> {
    return new Promise((resolve) => {
      this.#waiting.add({ names, asked: [], resolve });
      this.#ask();
    });
  }

  /** Gives back what is still held. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#again);
    if (this.#heartbeat) clearInterval(this.#heartbeat);
    const places = Array.from(this.#held, ([holder, { name }]) => [name, holder] as const);
    this.#held.clear();
    if (places.length > 0) await this.#give(places);
  }

  #hearProxy(proxy: string): void {
    if (this.#waiting.values().some(({ asked }) => asked.includes(proxy))) this.#ask();
    else if (!this.#isAsking) void this.#give([[proxy, '']]); // it is for the next one
  }

  #ask(): void {
    this.#isWanted = true;
    if (!this.#isAsking) void this.#askWhileWanted();
  }

  async #askWhileWanted(): Promise<void> {
    this.#isAsking = true;
    clearTimeout(this.#again);
    while (this.#isWanted && !this.#isStopped) {
      await Promise.resolve(); // what is wanted at the same moment is asked for at once
      this.#isWanted = false;
      await this.#askOnce().catch(this.#parts.onError);
    }
    this.#isAsking = false;
    if (this.#waiting.size > 0 && !this.#isStopped)
      this.#again = setTimeout(() => this.#ask(), AGAIN_MS * (1 + Math.random()));
  }

  async #askOnce(): Promise<void> {
    const asked = this.#toAsk();
    if (asked.length === 0) return;
    const { fleet, consumer, most } = this.#parts;
    const sentAt = performance.now();
    const answers = await fleet.run(takeScript, { consumer, most, wanted: asked });
    const isLate = performance.now() - sentAt >= SURE_MS;
    for (const [index, { fetch, names, holder }] of asked.entries()) {
      const name = names[(answers[index] ?? 0) - 1];
      const isWaiting = this.#waiting.has(fetch); // or one was passed on to it meanwhile
      if (name !== undefined && isWaiting && !isLate) {
        this.#waiting.delete(fetch);
        const held = { name, since: performance.now(), heardAt: sentAt, lapse: new AbortController() };
        this.#held.set(holder, held);
        this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS);
        fetch.resolve(this.#placeOf(holder, held));
        continue;
      }
      if (name !== undefined) {
        void this.#give([[name, holder]]);
        this.#isWanted = true;
      }
      if (!isWaiting || this.#waiting.size <= MOST_ASKED) continue;
      this.#waiting.delete(fetch);
      this.#waiting.add(fetch); // the others are asked for, too
    }
  }

  #toAsk(): (WantedPlace & { readonly fetch: WaitingFetch })[] {
    const wanted = [];
    for (const fetch of this.#waiting) {
      const names = fetch.names();
      fetch.asked = names;
      if (names.length > 0) {
        wanted.push({ fetch, names, holder: `${this.#parts.consumer}/${++this.#count}` });
        if (wanted.length === MOST_ASKED) break;
        continue;
      }
      this.#waiting.delete(fetch);
      fetch.resolve(null);
    }
    return wanted;
  }

  #placeOf(holder: string, held: HeldPlace): ProxyPlace {
    const { name, lapse } = held;
    let isGiven = false;
    const give = () => {
      if (isGiven) return;
      isGiven = true;
      if (this.#passOn(holder, held)) return;
      if (this.#held.delete(holder)) void this.#give([[name, holder]]);
    };
    return { name, lapsed: lapse.signal, give };
  }

  /** To the first fetch of this process that waits for a place at the same proxy. False: it is given back. */
  #passOn(holder: string, held: HeldPlace): boolean {
    const { name, since, lapse } = held;
    const mayPass = performance.now() - since < MOST_PASSING_MS && !lapse.signal.aborted;
    if (!mayPass || !this.#held.has(holder)) return false;
    const next = this.#waiting.values().find(({ names }) => names().includes(name));
    if (next === undefined) return false;
    this.#waiting.delete(next);
    next.resolve(this.#placeOf(holder, held));
    return true;
  }

  #give(places: readonly (readonly [string, string])[]): Promise<void> {
    const { fleet, consumer, onError } = this.#parts;
    return fleet.run(giveScript, { consumer, places }).catch(onError);
  }

  #beat(): void {
    if (this.#held.size === 0 && this.#heartbeat) {
      clearInterval(this.#heartbeat);
      this.#heartbeat = null;
      return;
    }
    const old = performance.now() - SURE_MS;
    for (const { heardAt, lapse } of this.#held.values()) if (heardAt <= old) end(lapse);
    if (!this.#isRenewing) void this.#renew().catch(this.#parts.onError);
  }

  async #renew(): Promise<void> {
    this.#isRenewing = true;
    const sentAt = performance.now();
    const sent = [...this.#held];
    try {
      const places = sent.map(([holder, { name }]) => [name, holder] as const);
      const lost = await this.#parts.fleet.run(renewScript, places);
      for (const [, held] of sent) held.heardAt = sentAt;
      for (const holder of lost) end(this.#held.get(holder)?.lapse);
    } finally {
      this.#isRenewing = false;
    }
  }
}

function end(lapse: AbortController | undefined): void {
  lapse?.abort(failure('E_PROXY_CONNECT', 'Redis was away for too long to keep a place at the proxy.'));
}
