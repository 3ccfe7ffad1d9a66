// Slots: the right to have one fetch in flight for a limiter key. Redis keeps them for the whole fleet; this
// file manages those of this process.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import { type AskGate, type GateAnswer, type GateQuestion, LEASE_MS } from './gate-question.ts';
import { HeldSlots, type SlotRelease } from './held-slots.ts';
import { createKeyEvents, type KeyEvents } from './key-events.ts';
import { createSlotWaiters } from './slot-waiters.ts';

export { LEASE_MS };

/** A request that waits for a slot asks again after this time, whatever it has heard. */
const FULL_WAIT_MS = 300;
/** How long a job waits for a permit. After that, another process may have one. */
export const PERMIT_PATIENCE_MS = 500;
const ELSEWHERE: GateAnswer = { kind: 'later', afterMs: 50, why: 'permit' };
/** How long a job waits here while others could be fetched in its place. */
const CROWDED_WAIT_MS = 150;
/** While this process knows of a pause, it asks again after at most this time. */
const LONGEST_PAUSE_MS = 5000;

/**
 * The right to fetch at all in this process. It is taken before the gate is asked, so that a start follows at
 * once on "go".
 */
export interface Permit {
  /** False when none was free within `patienceMs`. */
  take(patienceMs: number): Promise<boolean>;
  give(): void;
  /** Whether one is free now. */
  free(): boolean;
}

export interface SlotRequest extends Omit<GateQuestion, 'holder'> {
  /**
   * A slot of the same key that is held already, for one more start under it. It is given back if the answer
   * is not 'go'.
   */
  holder?: string;
  /** It was handed out ahead of its slot. It first waits for a slot that is passed on in this process. */
  ahead?: boolean;
  /** Called if the slot lapses while it is held. */
  onLost: () => void;
}

export interface Patience {
  /** The longest wait in all; longer ones are not slept. */
  patienceMs: number;
  signal: AbortSignal;
  /** Held only if the answer is 'go'. Leave it out when the caller holds one already. */
  permit?: Permit;
}

export type SlotAnswer =
  /**
   * The slot is held under this name until `leave`. `timed`: the key obeys a clock, and each further start
   * must be asked for.
   */
  | { kind: 'go'; claim: number; holder: string; timed: boolean }
  | { kind: 'later'; afterMs: number }
  | Extract<GateAnswer, { kind: 'ended' | 'dead' }>;

export interface Slots {
  readonly keyEvents: KeyEvents;
  /** Asks the gate and waits for a slot, or for the time of the start. Returns 'go' at that time. */
  acquire(request: SlotRequest, patience: Patience): Promise<SlotAnswer>;
  /** Notes a slot that dispatch gave with a job. It is renewed until `leave`. */
  adopt(slot: SlotRelease, onLost: () => void): void;
  /** The request goes out now. The delay of its key counts from here. */
  started(holder: string): void;
  /**
   * Whether the fleet has confirmed lately that the slot is held. False after this process was frozen for
   * long.
   */
  isFresh(holder: string): boolean;
  /**
   * Passes the slot on to a request of this process that waits for the same key, or gives it back to the
   * fleet.
   */
  leave(holder: string): void;
  /** Slots that this process holds, and jobs in it that wait for one. */
  counts(): { held: number; awaited: number };
  /** The sum of the capacities that all living consumers have for this shard. */
  fleetCapacity(shard: number): number;
  stop(): Promise<void>;
}

export interface SlotParts {
  fleet: Fleet;
  askGate: AskGate;
  /** The connection that listens to the channel of key events. */
  subscriber: Redis;
  consumer: string;
  /** How many fetches this process may have in flight. */
  capacity: number;
  /** … and how many of them are for a shard now. */
  shareOf: (shard: number) => number;
  /** Gives a slot back to the fleet. */
  release: (slot: SlotRelease) => void;
  onError: (error: unknown) => void;
}

export function createSlots(parts: SlotParts): Slots {
  return new ProcessSlots(parts);
}

class ProcessSlots implements Slots {
  readonly keyEvents: KeyEvents;
  readonly #parts: SlotParts;
  readonly #waiters = createSlotWaiters();
  readonly #held: HeldSlots;
  /** How many jobs may wait here while others could be fetched in their place. */
  readonly #mostWaiting: number;
  #names = 0;

  constructor(parts: SlotParts) {
    this.#parts = parts;
    this.#mostWaiting = Math.ceil(parts.capacity / 2);
    const { subscriber, fleet, onError } = parts;
    this.keyEvents = createKeyEvents({
      subscriber,
      fleet,
      onError,
      onFree: (key) => this.#waiters.wake(key),
    });
    this.#held = new HeldSlots({ ...parts, waiters: this.#waiters, keyEvents: this.keyEvents });
  }

  async acquire(request: SlotRequest, patience: Patience): Promise<SlotAnswer> {
    const { key } = request;
    const since = performance.now();
    let own = request.holder ?? null;
    // The request has started under this slot. The gate must hear of it before it is asked again.
    if (own !== null) this.#held.started(own);
    try {
      if (request.ahead && this.#waiters.holds(key)) {
        const patienceMs = this.#isCrowded(patience.permit) ? CROWDED_WAIT_MS : patience.patienceMs;
        own = await this.#waiters.wait(key, patienceMs, null);
        if (own !== null && (await this.#mayStartAtOnce(own, request, patience.permit)))
          return { kind: 'go', claim: 0, holder: own, timed: false };
      }
      for (;;) {
        const holder = own ?? this.#newName();
        const askedAt = performance.now();
        let answer = await this.#ask({ ...request, holder }, patience, since);
        if (answer.kind === 'go') {
          const pausedMs = await this.#reachTime(holder, key, answer.waitMs);
          if (pausedMs === 0)
            return { kind: 'go', claim: answer.claim, holder, timed: answer.delayMs + answer.intervalMs > 0 };
          patience.permit?.give();
          this.leave(holder);
          own = null;
          answer = { kind: 'later', afterMs: Math.min(pausedMs, LONGEST_PAUSE_MS), why: 'pause' };
        }
        if (answer.kind !== 'later' || this.#isTooLong(answer, patience, since)) {
          if (own !== null) this.leave(own);
          return answer.kind === 'later' ? { kind: 'later', afterMs: laterMs(answer) } : answer;
        }
        own = await this.#wait(key, own, { ...answer, askedAt }, patience.signal);
      }
    } catch (error) {
      if (own !== null) this.leave(own);
      throw error;
    }
  }

  /** Asks with the permit in hand, and keeps the permit only after 'go'. */
  async #ask(
    request: SlotRequest & GateQuestion,
    { permit, patienceMs }: Patience,
    since: number,
  ): Promise<GateAnswer> {
    const { holder } = request;
    // A slot that is passed on here comes sooner than one of the fleet, so lanes need not leave a place for
    // it.
    const waitsForPassedSlot = request.ahead === true && this.#waiters.holds(request.key);
    const leftMs = waitsForPassedSlot ? 0 : patienceMs - (performance.now() - since);
    if (permit && !(await permit.take(PERMIT_PATIENCE_MS))) return ELSEWHERE;
    try {
      const askedAt = performance.now();
      const answer = await this.#parts.askGate(request, Math.max(0, leftMs));
      if (answer.kind !== 'go') permit?.give();
      else
        this.#held.hold(
          holder,
          { ...answer, key: request.key, onLost: request.onLost },
          { ...answer, askedAt },
        );
      return answer;
    } catch (error) {
      permit?.give();
      throw error;
    }
  }

  /** A slot that was passed on needs no question when its key obeys no clock. */
  async #mayStartAtOnce(
    own: string,
    { key, onLost }: SlotRequest,
    permit: Permit | undefined,
  ): Promise<boolean> {
    const held = this.#held.get(own);
    if (!held) return false;
    held.onLost = onLost;
    const isFree = () =>
      !held.timed && !this.keyEvents.isTimed(key) && this.keyEvents.pausedFor(key) === 0 && this.isFresh(own);
    if (!isFree()) return false;
    if (permit && !(await permit.take(PERMIT_PATIENCE_MS))) return false;
    if (isFree()) return true; // a pause may have begun during the wait for the permit
    permit?.give();
    return false;
  }

  /**
   * Waits for the time of the start. Returns how long its key is paused, if a pause has begun meanwhile; a
   * short time if this process was frozen.
   */
  async #reachTime(holder: string, key: string, waitMs: number): Promise<number> {
    if (waitMs >= 1) await sleep(Math.round(waitMs));
    return this.keyEvents.pausedFor(key) || (this.isFresh(holder) ? 0 : 1);
  }

  #isTooLong(
    { afterMs, why }: { afterMs: number; why: string },
    { signal, permit, patienceMs }: Patience,
    since: number,
  ): boolean {
    const most = this.#isCrowded(permit) ? Math.min(CROWDED_WAIT_MS, patienceMs) : patienceMs;
    const left = since + most - performance.now();
    return signal.aborted || why === 'permit' || (why === 'full' ? left <= 0 : afterMs > left);
  }

  #isCrowded(permit: Permit | undefined): boolean {
    return permit !== undefined && this.#waiters.waiting() >= this.#mostWaiting && permit.free();
  }

  /** Returns the slot that is held after the wait: the own one, or one that was passed on. */
  async #wait(
    key: string,
    own: string | null,
    { afterMs, why, askedAt }: { afterMs: number; why: string; askedAt: number },
    signal: AbortSignal,
  ): Promise<string | null> {
    if (own === null && why === 'full')
      return this.#waiters.wait(key, Math.min(afterMs, FULL_WAIT_MS), askedAt);
    await sleep(Math.round(afterMs), undefined, { signal }).catch(() => undefined); // aborted: the next check reports it
    return own;
  }

  adopt(slot: SlotRelease, onLost: () => void): void {
    this.#held.hold(slot.holder, { ...slot, onLost });
  }

  started(holder: string): void {
    this.#held.started(holder);
  }

  isFresh(holder: string): boolean {
    return this.#held.isFresh(holder);
  }

  leave(holder: string): void {
    this.#held.leave(holder);
  }

  counts(): { held: number; awaited: number } {
    return { held: this.#held.size, awaited: this.#waiters.waiting() };
  }

  fleetCapacity(shard: number): number {
    return this.#held.fleetCapacity(shard);
  }

  stop(): Promise<void> {
    return this.#held.stop();
  }

  /** A name for a slot. It is never used again, because it goes with the slot from request to request. */
  #newName(): string {
    this.#names++;
    return `${this.#parts.consumer}/${this.#names}`;
  }
}

/** A full key names no time. A random one keeps those who wait from coming back together. */
function laterMs({ afterMs, why }: Extract<GateAnswer, { kind: 'later' }>): number {
  return why === 'full' || why === 'server' ? 200 + 400 * Math.random() : afterMs;
}
