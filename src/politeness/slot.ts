// Slots: the right to have one fetch in flight for a limiter key, kept in Redis for the whole fleet.
import type { Redis } from '../redis.ts';
import { runScript } from '../scripts.ts';
import { createHeirs } from './heirs.ts';

export interface Limits {
  concurrency: number;
  delayMs: number;
}

export interface SlotRequest {
  crawl: string;
  /** The request's id; '' for what is no request, such as robots.txt. */
  id: string;
  key: string;
  holder: string;
  limits: Limits;
  /** True for anything but the first start after dispatch: an older take may change nothing any more. */
  takeOver: boolean;
}

export type SlotAnswer =
  | { kind: 'go'; take: number }
  | { kind: 'later'; afterMs: number }
  | { kind: 'ended' }
  | { kind: 'dead'; reason: string };

/** A slot's holder must be heard of within this time, or the slot is free again. Redis' clock. */
export const LEASE_MS = 4000;
const HEARTBEAT_MS = 1000;
/** A slot is passed on within this process for so long; then the other consumers have their turn. */
const MOST_PASSING_MS = 1000;
/** How often one that waits for a full key asks again. */
const FULL_POLL_MS = 40;

/** The right to fetch at all in this process: taken before the gate is asked, so that "go" is followed by the start at once. */
export interface Permit {
  take(): Promise<void>;
  give(): void;
}

export interface Slots {
  /**
   * Asks, and sleeps for short waits, up to `patienceMs` in all. `permit` is held when this answers 'go', and only then; leave it out
   * where the caller holds it already.
   */
  acquire(
    request: SlotRequest,
    patienceMs: number,
    signal: AbortSignal,
    permit?: Permit,
  ): Promise<SlotAnswer>;
  /** Notes a slot as held by this process: it is renewed until dropped; `onLost` is called if it lapsed meanwhile. */
  hold(holder: string, key: string, onLost: () => void): void;
  /**
   * Passes the slot on to a request of this process that waits for one of the same key (inherit). False when none waits, or when the slot
   * has been passed on for so long that the fleet should have its turn: then it is to be given back.
   */
  pass(holder: string): boolean;
  /** Waits for a slot that is passed on: answers under which name it is held, null after `patienceMs` or when this process holds none. */
  inherit(key: string, patienceMs: number): Promise<string | null>;
  /** No longer renewed. Giving it back is dispatch's business: it rides with the next turn. */
  drop(holder: string): void;
  /** Milliseconds for which this process knows the key to be paused; 0 if not. */
  pausedFor(key: string): number;
  /** Pauses the key for the whole fleet. */
  pause(key: string, durationMs: number): Promise<void>;
  /** A timed start was really made now: the next comes `delayMs` after it, not after the gate's "go". */
  started(key: string, delayMs: number): void;
  /** Sum of the capacities of all consumers that are alive. */
  fleetCapacity(): number;
  stop(): Promise<void>;
}

export function createSlots(parts: {
  redis: Redis;
  subscriber: Redis;
  shard: string;
  consumer: string;
  capacity: number;
  onError: (error: unknown) => void;
}): Slots {
  const { redis, subscriber, shard, consumer, capacity } = parts;
  const holders = new Map<string, { key: string; since: number; onLost: () => void }>();
  const heirs = createHeirs();
  const pauses = new Map<string, number>();
  let fleet = capacity;

  const noticePause = (key: string, durationMs: number) => {
    const until = performance.now() + durationMs;
    if (until > (pauses.get(key) ?? 0)) pauses.set(key, until);
  };
  subscriber.on('message', (_channel: string, message: string) => {
    const space = message.indexOf(' ');
    noticePause(message.slice(space + 1), Number(message.slice(0, space)));
  });
  subscriber.subscribe(`${shard}:pauses`).catch(parts.onError);

  async function heartbeat(leaseMs: number): Promise<void> {
    const args: (string | number)[] = [shard, `${consumer}|${capacity}`, leaseMs];
    for (const [holder, { key }] of holders) args.push(key, holder);
    const reply = (await runScript(redis, 'politeness/lua/heartbeat.lua', `${shard}:consumers`, args)) as (
      | string
      | number
    )[];
    fleet = Math.max(capacity, Number(reply[0]));
    for (const holder of reply.slice(1)) holders.get(String(holder))?.onLost();
    const now = performance.now();
    for (const [key, until] of pauses) if (until <= now) pauses.delete(key);
  }
  const beat = () => heartbeat(LEASE_MS).catch(parts.onError);
  beat();
  const timer = setInterval(beat, HEARTBEAT_MS);

  return {
    async acquire(request, patienceMs, signal, permit) {
      const deadline = performance.now() + patienceMs;
      for (;;) {
        await permit?.take();
        const answer = await ask(redis, shard, request).catch((error) => {
          permit?.give();
          throw error;
        });
        if (answer.kind !== 'go') permit?.give();
        if (answer.kind !== 'later') return answer;
        const waitMs = answer.full ? Math.min(FULL_POLL_MS, answer.afterMs) : answer.afterMs;
        if (signal.aborted || performance.now() + waitMs > deadline) {
          return {
            kind: 'later',
            afterMs: answer.full ? FULL_POLL_MS * (5 + 10 * Math.random()) : answer.afterMs,
          };
        }
        await sleep(waitMs, signal);
      }
    },
    hold(holder, key, onLost) {
      const held = holders.get(holder);
      if (held?.key !== key) heirs.held(key, 1);
      if (held && held.key !== key) heirs.held(held.key, -1);
      holders.set(holder, { key, since: held?.key === key ? held.since : performance.now(), onLost });
    },
    pass(holder) {
      const held = holders.get(holder);
      return (
        held !== undefined && performance.now() - held.since < MOST_PASSING_MS && heirs.give(held.key, holder)
      );
    },
    inherit: (key, patienceMs) => heirs.wait(key, patienceMs),
    drop(holder) {
      const held = holders.get(holder);
      if (held) heirs.held(held.key, -1);
      holders.delete(holder);
    },
    pausedFor: (key) => (pauses.size === 0 ? 0 : Math.max(0, (pauses.get(key) ?? 0) - performance.now())),
    async pause(key, durationMs) {
      noticePause(key, durationMs);
      await runScript(redis, 'politeness/lua/pause.lua', `${shard}:k:${key}`, [
        shard,
        key,
        Math.ceil(durationMs),
      ]);
    },
    started(key, delayMs) {
      const args = [shard, key, delayMs];
      runScript(redis, 'politeness/lua/started.lua', `${shard}:k:${key}`, args).catch(parts.onError);
    },
    fleetCapacity: () => fleet,
    async stop() {
      clearInterval(timer);
      await heartbeat(0).catch(parts.onError);
    },
  };
}

async function ask(
  redis: Redis,
  shard: string,
  request: SlotRequest,
): Promise<Exclude<SlotAnswer, { kind: 'later' }> | { kind: 'later'; afterMs: number; full: boolean }> {
  const { crawl, id, key, holder, limits, takeOver } = request;
  const args = [
    shard,
    crawl,
    id,
    key,
    holder,
    limits.concurrency,
    limits.delayMs,
    LEASE_MS,
    takeOver ? '1' : '',
  ];
  const reply = (await runScript(redis, 'politeness/lua/slot.lua', `${shard}:k:${key}`, args)) as (
    | number
    | string
  )[];
  switch (reply[0]) {
    case 0:
      return { kind: 'go', take: Number(reply[1]) };
    case 1:
      return { kind: 'later', afterMs: Math.max(1, Number(reply[1])), full: reply[2] === 'full' };
    case 2:
      return { kind: 'ended' };
    default:
      return { kind: 'dead', reason: String(reply[1]) };
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
