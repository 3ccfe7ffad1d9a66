// One proxy among those that a rotation chooses from: how it stands, and which hosts prefer it.
import type { ProxyAddress } from '../../config/proxy-address.ts';
import type { Failure } from '../../errors.ts';
import { ProxyHealth } from './health.ts';
import type { ProxyResult } from './source.ts';

/** For so long, another proxy is chosen for a host that this one did not connect to. */
const REFUSED_MS = 60_000;
const MOST_REFUSED = 1000;

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

export class ProxyMember {
  readonly address: ProxyAddress;
  readonly health = new ProxyHealth();
  inFlight = 0;
  /** Hops that ask the fleet for a place at it. */
  asking = 0;
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

/**
 * Rendezvous hashing: each host has its own order of the proxies, the same in every process, and a proxy that
 * is left out moves no other host.
 */
export function ofHost(members: readonly ProxyMember[], host: string): ProxyMember | undefined {
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
