// Gathers what this process sees of its hosts and changes what the whole fleet knows about them. It reads the
// state from Redis, lets backoff.ts decide, and stores the result unless another process has changed the
// state meanwhile.

import { type Fleet, keysByShard, shardOf } from '../fleet.ts';
import type { NamedTime } from '../outcome.ts';
import { defineScript, oneOf } from '../scripts.ts';
import type { Signal } from './answer-signal.ts';
import { afterObservation, knownForMs, leastPauseMs, slowedShownMs, telling } from './backoff.ts';
import { changesOf, FIELD_NAMES, type HostBackoff, stateOf } from './backoff-state.ts';
import type { KeyEvents } from './key-events.ts';
import {
  addSignal,
  isForgotten,
  isWorthTelling,
  newPending,
  observationOf,
  type PauseState,
  type Pending,
} from './observations.ts';

export type { PauseState };

export interface Answered {
  signal: Signal;
  /** How long ago the request began. */
  ageMs: number;
  /** The time until the first byte of a good answer. */
  latencyMs: number | null;
  /** The setting --max-pause. */
  longestMs: number;
  /** Whether the key obeys a clock. Of such a key, even single answers are told. */
  timed: boolean;
}

export interface Backoff {
  /**
   * Notes what an answer tells about its host. The fleet hears of it a few times a second, and of pauses at
   * once.
   */
  note(key: string, answered: Answered): void;
  /** Tells the fleet at once what was noted, and returns how the key stands. */
  tell(key: string): Promise<PauseState>;
  /**
   * Notes that the host refused or named a time, and tells the fleet. `ageMs`: how long ago the request
   * began.
   */
  refused(
    key: string,
    refusal: { named: NamedTime | null; ageMs: number; longestMs: number },
  ): Promise<PauseState>;
  stop(): Promise<void>;
}

const MOST_KEYS_A_CALL = 100;
const MOST_KEYS = 20_000;
export function createBackoff(parts: {
  fleet: Fleet;
  keyEvents: KeyEvents;
  onError: (error: unknown) => void;
}): Backoff {
  return new FleetBackoff(parts);
}

type Parts = Parameters<typeof createBackoff>[0];

class FleetBackoff implements Backoff {
  readonly #parts: Parts;
  readonly #pending = new Map<string, Pending>();
  /** Keys that are being told now. What comes meanwhile is told afterwards. */
  readonly #busy = new Set<string>();
  /** When the quota of each key was last told at once. */
  readonly #quotaTold = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#tellWorthwhile(), telling.everyMs);
  }

  note(key: string, { signal, ageMs, latencyMs, longestMs, timed }: Answered): void {
    if (signal.kind === 'nothing' && signal.named === null && signal.quota === null) return;
    const seen = this.#pendingOf(key, timed);
    if (!seen) return;
    const startedAt = performance.now() - ageMs;
    addSignal(seen, signal.kind, { startedAt, latencyMs });
    if (signal.quota) this.#noteQuota(key, seen, signal.quota);
    if (signal.kind !== 'refusal' && signal.named === null) return;
    this.#noteRefusal(key, seen, {
      named: signal.named,
      startedAt,
      longestMs,
      isRefusal: signal.kind === 'refusal',
    });
    this.#tellAtOnce(key);
  }

  tell(key: string): Promise<PauseState> {
    const seen = this.#pendingOf(key, false) ?? this.#newPending(key, false);
    return new Promise((resolve, reject) => {
      seen.waiters.push({ resolve, reject });
      this.#tellAtOnce(key);
    });
  }

  refused(
    key: string,
    { named, ageMs, longestMs }: { named: NamedTime | null; ageMs: number; longestMs: number },
  ): Promise<PauseState> {
    const seen = this.#pendingOf(key, false) ?? this.#newPending(key, false);
    const startedAt = performance.now() - ageMs;
    this.#noteRefusal(key, seen, { named, startedAt, longestMs, isRefusal: true });
    return this.tell(key);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const keys of this.#chunksOf([...this.#pending.keys()])) await this.#flush(keys);
  }

  /** The pause holds at once in this process, and very soon in the others. The decision follows. */
  #noteRefusal(key: string, seen: Pending, refusal: Pending['refusals'][number]): void {
    seen.refusals.push(refusal);
    const ms = Math.ceil(leastPauseMs(refusal));
    if (ms <= this.#parts.keyEvents.pausedFor(key)) return;
    this.#parts.keyEvents.notePause(key, ms);
    const { onError } = this.#parts;
    const fleet = shardOf(this.#parts.fleet, key);
    fleet.redis.publish(fleet.keys.keyEvents, `hold ${ms} ${key}`).catch(onError);
  }

  /** Every answer names the quota again. The first is told at once, the next ones with everything else. */
  #noteQuota(key: string, seen: Pending, quota: NonNullable<Signal['quota']>): void {
    seen.quota = quota;
    this.#parts.keyEvents.noteTimed(key);
    const now = performance.now();
    if (now - (this.#quotaTold.get(key) ?? Number.NEGATIVE_INFINITY) < telling.everyMs) return;
    if (this.#quotaTold.size >= MOST_KEYS) this.#quotaTold.clear();
    this.#quotaTold.set(key, now);
    this.#tellAtOnce(key);
  }

  #pendingOf(key: string, timed: boolean): Pending | null {
    const known = this.#pending.get(key);
    if (known) return known;
    return this.#pending.size >= MOST_KEYS ? null : this.#newPending(key, timed);
  }

  #newPending(key: string, timed: boolean): Pending {
    const pending = newPending(timed);
    this.#pending.set(key, pending);
    return pending;
  }

  #tellWorthwhile(): void {
    const now = performance.now();
    const worthwhile: string[] = [];
    const isCrowded = this.#pending.size > MOST_KEYS / 2;
    for (const [key, seen] of this.#pending) {
      if (isWorthTelling(seen, now)) worthwhile.push(key);
      else if (isForgotten(seen, now, isCrowded)) this.#pending.delete(key);
    }
    for (const keys of this.#chunksOf(worthwhile)) void this.#flush(keys);
  }

  /** All that is noted about the key in this turn of the event loop goes in the same call. */
  #tellAtOnce(key: string): void {
    queueMicrotask(() => void this.#flush([key]));
  }

  /** Those of a chunk belong to one shard. */
  #chunksOf(keys: readonly string[]): string[][] {
    return [...keysByShard(this.#parts.fleet, keys).values()].flatMap(chunksOf);
  }

  /** `keys` are of one shard. Never rejects: errors go to those who wait, or else to onError. */
  async #flush(keys: readonly string[]): Promise<void> {
    const taken = new Map<string, Pending>();
    for (const key of keys) {
      const seen = this.#pending.get(key);
      if (!seen || this.#busy.has(key)) continue;
      this.#pending.delete(key);
      this.#busy.add(key);
      taken.set(key, seen);
    }
    if (taken.size === 0) return;
    try {
      await this.#decide(taken);
    } catch (error) {
      const waiters = [...taken.values()].flatMap((seen) => seen.waiters);
      if (waiters.length === 0) this.#parts.onError(error);
      for (const { reject } of waiters) reject(error);
    }
    for (const key of taken.keys()) {
      this.#busy.delete(key);
      const later = this.#pending.get(key);
      if (later && later.waiters.length + later.refusals.length > 0) this.#tellAtOnce(key);
    }
  }

  /** Reads, decides and stores; again for the keys that another process has changed meanwhile. */
  async #decide(taken: ReadonlyMap<string, Pending>): Promise<void> {
    let left = [...taken];
    while (left.length > 0) {
      const { now, hosts } = await this.#read(left.map(([key]) => key));
      const decided = left.map(([key, seen], index) => {
        const { version, state: before } = hosts[index] as Known;
        const after = afterObservation(before, observationOf(seen), { now, random: Math.random() });
        return { key, seen, version, before, after };
      });
      const kept = await this.#store(decided, now);
      for (const [index, { key, seen, after }] of decided.entries()) {
        if (!kept[index]) continue;
        const state = pauseStateOf(after, now);
        if (state.pausedMs > 0) this.#parts.keyEvents.notePause(key, state.pausedMs);
        for (const { resolve } of seen.waiters) resolve(state);
      }
      left = left.filter((_, index) => !kept[index]);
    }
  }

  async #read(keys: readonly string[]): Promise<{ now: number; hosts: Known[] }> {
    return shardOf(this.#parts.fleet, keys[0] as string).run(readScript, keys);
  }

  async #store(decided: readonly Decided[], now: number): Promise<boolean[]> {
    if (decided.every(({ before, after }) => before === after)) return decided.map(() => true);
    const hosts = decided.map(({ key, seen, version, before, after }) => {
      const changes = changesOf(before, after);
      const keptMs = knownForMs + Math.max(0, after.pauseUntil - now);
      const startAfterMs = seen.quota ? Math.ceil(seen.quota.intervalMs) : 0;
      return { key, version, heldUntilMs: heldUntil(after, now), keptMs, startAfterMs, changes };
    });
    return shardOf(this.#parts.fleet, (decided[0] as Decided).key).run(storeScript, hosts);
  }
}

const readScript = defineScript({
  path: 'politeness/lua/backoff-read.lua',
  key: (keys) => keys.heldHosts,
  args: (limiterKeys: readonly string[]) => [FIELD_NAMES.length, ...FIELD_NAMES, ...limiterKeys],
  answer: (reply) => {
    const [now, ...rows] = reply as [number, ...(string | null)[][]];
    const hosts = rows.map(([version, ...values]) => ({ version: version ?? '', state: stateOf(values) }));
    return { now, hosts };
  },
});

const keptOrChanged = oneOf('kept', 'changed');
const storeScript = defineScript({
  path: 'politeness/lua/backoff-store.lua',
  key: (keys) => keys.heldHosts,
  args: (hosts: readonly ToStore[]) =>
    hosts.flatMap(({ key, version, heldUntilMs, keptMs, startAfterMs, changes }) => [
      ...[key, version, heldUntilMs, keptMs, startAfterMs, changes.length],
      ...changes,
    ]),
  answer: (reply) => (reply as unknown[]).map((kept) => keptOrChanged(kept) === 'kept'),
});

interface ToStore {
  key: string;
  version: string;
  heldUntilMs: number;
  keptMs: number;
  startAfterMs: number;
  changes: readonly (string | number)[];
}

interface Known {
  version: string;
  state: HostBackoff;
}

interface Decided {
  key: string;
  seen: Pending;
  version: string;
  before: HostBackoff;
  after: HostBackoff;
}

function pauseStateOf({ pauseUntil, refusedSince }: HostBackoff, now: number): PauseState {
  return { pausedMs: Math.max(0, pauseUntil - now), refusedForMs: refusedSince > 0 ? now - refusedSince : 0 };
}

/** 0 when it is neither paused nor slowed. */
function heldUntil({ pauseUntil, pace, quotaUntil }: HostBackoff, now: number): number {
  const until = Math.max(pauseUntil, quotaUntil, pace > 0 ? now + slowedShownMs : 0);
  return until > now ? Math.ceil(until) : 0;
}

function chunksOf(keys: readonly string[]): string[][] {
  const count = Math.ceil(keys.length / MOST_KEYS_A_CALL);
  return Array.from({ length: count }, (_, n) =>
    keys.slice(n * MOST_KEYS_A_CALL, (n + 1) * MOST_KEYS_A_CALL),
  );
}
