// The slots that this process holds. They are renewed twice a second; their starts are reported; they are
// passed on or given back.
import { type Fleet, shardOf } from '../fleet.ts';
import { defineScript, type ScriptArgument } from '../scripts.ts';
import { LEASE_MS } from './gate-question.ts';
import type { KeyEvents } from './key-events.ts';
import type { SlotWaiters } from './slot-waiters.ts';

const HEARTBEAT_MS = 500;
/** A slot is passed on within this process for at most this time. Then other consumers get their turn. */
const MOST_PASSING_MS = 1000;
/** Less than lua/gate/read-gate.lua adds to the window of a rate. */
const LATE_MS = 8;
/**
 * The same value as in lua/gate/take-start.lua: at such a key nobody starts until the one with leave has
 * started.
 */
const STRICT_FROM_MS = 20;
/** The last part of a lease that is not relied on. */
const SURE_MS = 500;

export interface SlotRelease {
  key: string;
  holder: string;
  server: string;
}

export interface Held {
  key: string;
  server: string;
  since: number;
  /** When the fleet last confirmed that the slot is held. */
  heardAt: number;
  /** Its key obeys a clock. */
  timed: boolean;
  /**
   * The start that the gate waits to hear about: when it should be, and what the gate adds to it; null for
   * none.
   */
  start: { at: number; delayMs: number; intervalMs: number } | null;
  onLost: () => void;
}

export interface HeldParts {
  fleet: Fleet;
  consumer: string;
  /** How many fetches this process may have in flight for a shard. */
  shareOf: (shard: number) => number;
  waiters: SlotWaiters;
  keyEvents: KeyEvents;
  /** Gives a slot back to the fleet. */
  release: (slot: SlotRelease) => void;
  onError: (error: unknown) => void;
}

/**
 * What a consumer tells about itself: its name, how many fetches it may have in flight, and the slots that it
 * holds.
 */
interface ConsumerLease {
  consumer: string;
  capacity: number;
  /** The capacity that it told the last time. */
  toldCapacity?: number;
  slots: readonly (SlotRelease & Pick<Held, 'start'>)[];
}

const nameOf = ({ consumer, capacity }: ConsumerLease) => `${consumer}|${capacity}`;

/** The name under which it is known, if that is another one now: its share of the shard has changed. */
function formerName({ consumer, capacity, toldCapacity = capacity }: ConsumerLease): string {
  return toldCapacity === capacity ? '' : nameOf({ consumer, capacity: toldCapacity, slots: [] });
}

const renewScript = defineScript({
  path: 'politeness/lua/renew.lua',
  key: (keys) => keys.consumers,
  args: (lease: ConsumerLease) => {
    const args: ScriptArgument[] = [nameOf(lease), formerName(lease), LEASE_MS];
    for (const { key, holder, server, start } of lease.slots)
      args.push(key, holder, server, start ? '1' : '');
    return args;
  },
  answer: (reply) => {
    const [fleetCapacity, ...lost] = reply as [number, ...string[]];
    return { fleetCapacity, lost };
  },
});

/** Also gives back slots of a process that is no consumer and has no name. */
export const leaveFleetScript = defineScript({
  path: 'politeness/lua/leave-fleet.lua',
  key: (keys) => keys.consumers,
  args: (lease: ConsumerLease) => [
    formerName(lease) || nameOf(lease),
    ...lease.slots.flatMap(({ key, holder, server }) => [key, holder, server]),
  ],
  answer: () => undefined,
});

/** A start that the gate allowed was made now. */
export const startedScript = defineScript({
  path: 'politeness/lua/started.lua',
  key: (keys, { key }) => keys.limiter(key),
  args: ({
    key,
    holder,
    delayMs,
    intervalMs,
  }: {
    key: string;
    holder: string;
    delayMs: number;
    intervalMs: number;
  }) => [key, holder, delayMs, intervalMs],
  answer: () => undefined,
});

export class HeldSlots {
  readonly #parts: HeldParts;
  readonly #holders = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;
  /** The capacity of the whole fleet for each shard. */
  readonly #capacities: number[];
  /** By shard, what this process has told of its own. */
  readonly #told: number[] = [];

  constructor(parts: HeldParts) {
    this.#parts = parts;
    this.#capacities = parts.fleet.shards.map(({ shard }) => parts.shareOf(shard));
    const beat = () => this.#renew().catch(parts.onError);
    beat();
    this.#timer = setInterval(beat, HEARTBEAT_MS);
  }

  get size(): number {
    return this.#holders.size;
  }

  get(holder: string): Held | undefined {
    return this.#holders.get(holder);
  }

  /** src/politeness/slot.ts describes this method and started, leave, fleetCapacity and stop. */
  isFresh(holder: string): boolean {
    const held = this.#holders.get(holder);
    return held !== undefined && performance.now() - held.heardAt < LEASE_MS - SURE_MS;
  }

  /** Notes a slot as held, with what the gate said about its start if the gate wants to hear about it. */
  hold(
    holder: string,
    { key, server, onLost }: Pick<Held, 'key' | 'server' | 'onLost'>,
    clock?: { askedAt: number; waitMs: number; delayMs: number; intervalMs: number },
  ): void {
    const before = this.#holders.get(holder);
    if (!before) this.#parts.waiters.held(key, 1);
    const now = performance.now();
    const timed = clock !== undefined && clock.delayMs + clock.intervalMs > 0;
    this.#holders.set(holder, {
      key,
      server,
      onLost,
      since: before?.since ?? now,
      heardAt: clock?.askedAt ?? now,
      timed,
      // Counted from the question, because this process may be held up before it reads the answer.
      start: timed ? { ...clock, at: clock.askedAt + clock.waitMs } : null,
    });
  }

  started(holder: string): void {
    const held = this.#holders.get(holder);
    if (!held?.start) return;
    const { at, delayMs, intervalMs } = held.start;
    held.start = null;
    // A rate leaves room for starts that are a little late.
    const isLate = performance.now() - at >= LATE_MS;
    if (delayMs === 0 && intervalMs < STRICT_FROM_MS && !isLate) return;
    const { onError } = this.#parts;
    const fleet = shardOf(this.#parts.fleet, held.key);
    const start = { key: held.key, holder, delayMs, intervalMs: isLate ? intervalMs : 0 };
    fleet.run(startedScript, start).catch(onError);
  }

  leave(holder: string): void {
    const held = this.#holders.get(holder);
    if (!held) return;
    this.started(holder); // the start will never be made, so the next one need not wait for it
    const { key, server, since } = held;
    const mayPass = performance.now() - since < MOST_PASSING_MS && !this.#parts.keyEvents.changedJustNow(key);
    if (mayPass && this.#parts.waiters.give(key, holder)) return;
    this.#holders.delete(holder);
    this.#parts.waiters.held(key, -1);
    this.#parts.release({ key, holder, server });
  }

  fleetCapacity(shard: number): number {
    return this.#capacities[shard] as number;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const { fleet, onError } = this.#parts;
    await Promise.all(
      fleet.shards.map((shard) => shard.run(leaveFleetScript, this.#leaseAt(shard)).catch(onError)),
    );
  }

  async #renew(): Promise<void> {
    const { fleet, keyEvents, waiters, onError } = this.#parts;
    await Promise.all(fleet.shards.map((shard) => this.#renewAt(shard).catch(onError)));
    keyEvents.sweep();
    waiters.sweep();
  }

  async #renewAt(fleet: Fleet): Promise<void> {
    const sentAt = performance.now();
    const lease = this.#leaseAt(fleet);
    const sent = lease.slots.map(({ holder }) => this.#holders.get(holder) as Held);
    const { fleetCapacity, lost } = await fleet.run(renewScript, lease);
    this.#capacities[fleet.shard] = Math.max(lease.capacity, fleetCapacity);
    this.#told[fleet.shard] = lease.capacity;
    for (const held of sent) held.heardAt = sentAt;
    for (const holder of lost) this.#holders.get(holder)?.onLost();
  }

  #leaseAt(fleet: Fleet): ConsumerLease {
    const { consumer, shareOf } = this.#parts;
    const [capacity, toldCapacity] = [shareOf(fleet.shard), this.#told[fleet.shard]];
    const slots: ConsumerLease['slots'][number][] = [];
    for (const [holder, { key, server, start }] of this.#holders)
      if (shardOf(fleet, key) === fleet) slots.push({ key, holder, server, start });
    return { consumer, capacity, ...(toldCapacity === undefined ? {} : { toldCapacity }), slots };
  }
}
