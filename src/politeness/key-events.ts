// What this process hears about limiter keys on the channel of the fleet: pauses, keys that now obey a clock,
// and slots that came free.
import type { Fleet } from '../fleet.ts';
import type { Redis } from '../redis.ts';

export interface KeyEvents {
  /** For how many milliseconds this process knows the key to be paused; 0 if it is not. */
  pausedFor(key: string): number;
  /** Notes a pause of the key: at once from this process, and from others when the channel reports it. */
  notePause(key: string, durationMs: number): void;
  /**
   * Whether the key began to obey a clock lately. Requests that were handed out before do not know it yet.
   */
  isTimed(key: string): boolean;
  noteTimed(key: string): void;
  /** Whether its limits changed in the last second. */
  changedJustNow(key: string): boolean;
  /** The time since which no message was missed, in milliseconds since 1970; Infinity while not listening. */
  listeningSinceMs(): number;
  /** Forgets what is over. */
  sweep(): void;
}

/** A request that was handed out without a clock may be on its way for this long. */
const TIMED_MS = 60_000;
const JUST_NOW_MS = 1000;

/**
 * The messages are `pause MS KEY`, `hold MS KEY` (a pause of at least this time, told before Redis keeps it),
 * `resume 0 KEY`, `timed 0 KEY` and `free 0 KEY`.
 */
export function createKeyEvents(parts: {
  subscriber: Redis;
  fleet: Fleet;
  onFree: (key: string) => void;
  onError: (error: unknown) => void;
}): KeyEvents {
  const channels = parts.fleet.shards.map(({ keys }) => keys.keyEvents);
  const known: ReadonlySet<string> = new Set(channels);
  const pauses = new Map<string, number>();
  const timed = new Map<string, number>();

  function notePause(key: string, durationMs: number): void {
    const until = performance.now() + durationMs;
    if (until > (pauses.get(key) ?? 0)) pauses.set(key, until);
  }

  parts.subscriber.on('message', (channel: string, message: string) => {
    if (!known.has(channel)) return;
    const [, verb, ms, key = ''] = /^(\w+) (\d+) (.*)$/s.exec(message) ?? [];
    if (verb === 'free') parts.onFree(key);
    else if (verb === 'pause') pauses.set(key, performance.now() + Number(ms));
    else if (verb === 'hold') notePause(key, Number(ms));
    else if (verb === 'resume') pauses.delete(key);
    else if (verb === 'timed') timed.set(key, performance.now());
  });
  let listeningSinceMs = Number.POSITIVE_INFINITY;
  const listen = () =>
    parts.subscriber.subscribe(...channels).then(() => {
      listeningSinceMs = Date.now();
    }, parts.onError);
  parts.subscriber.on('close', () => {
    listeningSinceMs = Number.POSITIVE_INFINITY;
  });
  parts.subscriber.on('ready', () => {
    // Messages may have been missed while the connection was lost: Redis decides.
    pauses.clear();
    listen();
  });
  listen();

  const within = (key: string, ms: number) => {
    const since = timed.size === 0 ? undefined : timed.get(key);
    return since !== undefined && performance.now() - since < ms;
  };
  return {
    listeningSinceMs: () => listeningSinceMs,
    pausedFor: (key) => (pauses.size === 0 ? 0 : Math.max(0, (pauses.get(key) ?? 0) - performance.now())),
    notePause,
    isTimed: (key) => within(key, TIMED_MS),
    noteTimed: (key) => void timed.set(key, performance.now()),
    changedJustNow: (key) => within(key, JUST_NOW_MS),
    sweep() {
      const now = performance.now();
      for (const [key, until] of pauses) if (until <= now) pauses.delete(key);
      for (const [key, since] of timed) if (now - since > TIMED_MS) timed.delete(key);
    },
  };
}
