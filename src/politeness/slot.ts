// Slots: the right to have one fetch in flight for a limiter key, kept in Redis for the whole fleet; here those of this process.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import { type AskGate, type GateAnswer, type GateQuestion, LEASE_MS } from './gate-question.ts';
import { HeldSlots, type SlotRelease } from './held-slots.ts';
import { createKeyEvents, type KeyEvents } from './key-events.ts';
import { createSlotWaiters } from './slot-waiters.ts';

export { LEASE_MS };

/** Who waits for a slot asks again after this, whatever it has heard. */
const FULL_WAIT_MS = 300;
/** A job waits for a permit so long; then another process may have one. */
export const PERMIT_PATIENCE_MS = 500;
const ELSEWHERE: GateAnswer = { kind: 'later', afterMs: 50, why: 'permit' };
/** So long a job waits here while others could be fetched in its place. */
const CROWDED_WAIT_MS = 150;
/** A pause that this process believes in is asked for anew after this. */
const LONGEST_PAUSE_MS = 5000;

/** The right to fetch at all in this process: taken before the gate is asked, so that "go" is followed by the start at once. */
export interface Permit {
  /** False when there was none within `patienceMs`. */
  take(patienceMs: number): Promise<boolean>;
  give(): void;
  /** Whether one could be had at once. */
  free(): boolean;
}

export interface SlotRequest extends Omit<GateQuestion, 'holder'> {
  /** The slot of the same key that is held already, to start once more under it; left if the answer is not 'go'. */
  holder?: string;
  /** It was handed out ahead of its slot: one that is passed on in this process is awaited first. */
  ahead?: boolean;
  /** Called if the slot lapses while it is held. */
  onLost: () => void;
}

export interface Patience {
  /** Waits longer than this, in all, are not slept. */
  patienceMs: number;
  signal: AbortSignal;
  /** Held when the answer is 'go', and only then; left out where the caller holds it already. */
  permit?: Permit;
}

export type SlotAnswer =
  /** The slot is held under this name until left. `timed`: the key obeys a clock, and each further start must be asked for. */
  | { kind: 'go'; claim: number; holder: string; timed: boolean }
  | { kind: 'later'; afterMs: number }
  | Extract<GateAnswer, { kind: 'ended' | 'dead' }>;

export interface Slots {
  readonly keyEvents: KeyEvents;
  /** Asks the gate, and waits for a slot or for the time of the start. Answers 'go' at that time. */
  acquire(request: SlotRequest, patience: Patience): Promise<SlotAnswer>;
  /** Notes a slot that dispatch gave along: it is renewed until left. */
  adopt(slot: SlotRelease, onLost: () => void): void;
  /** The request goes out now: the delay of its key counts from here. */
  started(holder: string): void;
  /** Whether the fleet has heard lately that the slot is held: not after this process was frozen for long. */
  isFresh(holder: string): boolean;
  /** Passes the slot on to a request of this process that waits for one of its key, or gives it back to the fleet. */
  leave(holder: string): void;
  /** Slots that this process holds, and jobs that wait in it for one. */
  counts(): { held: number; awaited: number };
  /** Sum of the capacities of all consumers that are alive. */
  fleetCapacity(): number;
  stop(): Promise<void>;
}

export interface SlotParts {
  fleet: Fleet;
  askGate: AskGate;
  /** Listens to the channel of key events. */
  subscriber: Redis;
  consumer: string;
  capacity: number;
  /** Takes a slot back to the fleet. */
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
  /** So many jobs may wait here while others could be fetched in their place. */
  readonly #mostWaiting: number;
  #names = 0;

  constructor(parts: SlotParts) {
    this.#parts = parts;
    this.#mostWaiting = Math.ceil(parts.capacity / 2);
    const { subscriber, fleet, onError } = parts;
    this.keyEvents = createKeyEvents({
      subscriber,
      namespace: fleet.namespace,
      onError,
      onFree: (key) => this.#waiters.wake(key),
    });
    this.#held = new HeldSlots({ ...parts, waiters: this.#waiters, keyEvents: this.keyEvents });
  }

  async acquire(request: SlotRequest, patience: Patience): Promise<SlotAnswer> {
    const { key } = request;
    const since = performance.now();
    let own = request.holder ?? null;
    // It has started under this slot: the gate must know before it is asked again, and news of the start may still be on its way.
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

  /** Asks with the permit in hand, and keeps it if the answer is 'go'. */
  async #ask(
    request: SlotRequest & GateQuestion,
    { permit, patienceMs }: Patience,
    since: number,
  ): Promise<GateAnswer> {
    const { holder } = request;
    // A slot that is passed on here is nearer than one of the fleet: lanes need not leave room for it.
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

  /** A slot that was passed on needs no question where no clock is to be obeyed. */
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
    if (isFree()) return true; // waiting for the permit takes time in which a pause may have begun
    permit?.give();
    return false;
  }

  /** Awaits the time of the start. Answers for how long its key is paused, if a pause has begun meanwhile; a moment if this process was frozen. */
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

  /** Answers the slot that is held after the wait: the own one, or one that was passed on. */
  async #wait(
    key: string,
    own: string | null,
    { afterMs, why, askedAt }: { afterMs: number; why: string; askedAt: number },
    signal: AbortSignal,
  ): Promise<string | null> {
    if (own === null && why === 'full')
      return this.#waiters.wait(key, Math.min(afterMs, FULL_WAIT_MS), askedAt);
    await sleep(Math.round(afterMs), undefined, { signal }).catch(() => undefined); // aborted: the next look tells
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

  fleetCapacity(): number {
    return this.#held.fleetCapacity();
  }

  stop(): Promise<void> {
    return this.#held.stop();
  }

  /** A name for a slot: never used again, since it goes on with its slot from request to request. */
  #newName(): string {
    this.#names++;
    return `${this.#parts.consumer}/${this.#names}`;
  }
}

/** A full key gives no time: by chance, so that those who wait do not come together. */
function laterMs({ afterMs, why }: Extract<GateAnswer, { kind: 'later' }>): number {
  return why === 'full' || why === 'server' ? 200 + 400 * Math.random() : afterMs;
}
