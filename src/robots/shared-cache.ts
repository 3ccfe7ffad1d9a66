// The robots.txt files that the fleet knows: kept in Redis, each fetched by one process at a time.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import { defineScript } from '../scripts.ts';
import { entryOf, keepMs, packEntry, type RobotsEntry, type RobotsFetch, unpackEntry } from './entry.ts';

/** How patient the asking is, in milliseconds. */
export interface RobotsTimes {
  /** The lock of a holder that has died ends after this; one that lives renews it three times as often. */
  lockMs: number;
  /** How long to wait for another's fetch before the answer is `later`. */
  waitMs: number;
  /** How often to look whether another's fetch has ended. */
  pollMs: number;
  /** When to come back after `later`. */
  againMs: number;
}

export interface FleetParts {
  fleet: Fleet;
  nowMs: () => number;
  times: RobotsTimes;
}

interface Lock {
  origin: string;
  token: string;
}

/** Takes or renews the lock; false: another has it. */
const lockScript = defineScript({
  path: 'robots/lua/take-lock.lua',
  key: (keys, { origin }) => keys.robotsLock(origin),
  args: ({ origin, token, holdMs }: Lock & { holdMs: number }) => [origin, token, holdMs],
  answer: (taken) => taken === 1,
});

const unlockScript = defineScript({
  path: 'robots/lua/give-back-lock.lua',
  key: (keys, { origin }) => keys.robotsLock(origin),
  args: ({ origin, token }: Lock) => [origin, token],
  answer: () => undefined,
});

export type FetchRobots = (robotsUrl: string) => Promise<RobotsFetch>;
export type Later = { kind: 'later'; untilMs: number };

/**
 * A fresh entry from Redis, else fetched by `fetchRobots` if no other process is at it; else waits for that one, up to `waitMs`.
 * Passes on what fetchRobots throws, and errors of Redis.
 */
export async function findRobots(
  parts: FleetParts,
  origin: string,
  fetchRobots: FetchRobots,
): Promise<RobotsEntry | Later> {
  const { nowMs, times, fleet } = parts;
  const { redis } = fleet;
  const key = fleet.keys.robots(origin);
  const lock = { origin, token: randomUUID() };
  const deadline = performance.now() + times.waitMs;
  for (;;) {
    const known = await read(redis, key);
    if (isFresh(known, nowMs())) return known;
    if (await fleet.run(lockScript, { ...lock, holdMs: times.lockMs })) {
      return fetchLocked(parts, lock, () => fetchRobots(`${origin}/robots.txt`));
    }
    if (performance.now() >= deadline) return { kind: 'later', untilMs: nowMs() + times.againMs };
    await sleep(times.pollMs);
  }
}

async function fetchLocked(
  { fleet, nowMs, times }: FleetParts,
  lock: Lock,
  fetchIt: () => Promise<RobotsFetch>,
): Promise<RobotsEntry | Later> {
  const { redis } = fleet;
  const key = fleet.keys.robots(lock.origin);
  const renewal = setInterval(() => {
    fleet.run(lockScript, { ...lock, holdMs: times.lockMs }).catch(() => {}); // without Redis, the next command will tell
  }, times.lockMs / 3);
  try {
    const known = await read(redis, key); // the holder before may just have ended
    if (isFresh(known, nowMs())) return known;
    const fetched = await fetchIt();
    if (fetched.kind === 'later') return fetched;
    const entry = entryOf(fetched, known, nowMs());
    await redis.set(key, packEntry(entry), 'PX', keepMs(entry));
    return entry;
  } finally {
    clearInterval(renewal);
    await fleet.run(unlockScript, lock);
  }
}

/** What the fleet knows of an origin's robots.txt, fresh or not; null for nothing. Fetches nothing. */
export function knownRobots(fleet: Fleet, origin: string): Promise<RobotsEntry | null> {
  return read(fleet.redis, fleet.keys.robots(origin));
}

async function read(redis: Redis, key: string): Promise<RobotsEntry | null> {
  return unpackEntry(await redis.getBuffer(key));
}

function isFresh(entry: RobotsEntry | null, nowMs: number): entry is RobotsEntry {
  return entry !== null && entry.freshUntilMs > nowMs;
}
