// The robots.txt files that the fleet knows. They are kept in Redis, and one process at a time fetches each
// of them.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fleet, shardOf } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import { defineScript } from '../scripts.ts';
import { limiterKeyOf } from '../url/host.ts';
import {
  keepMs,
  packEntry,
  type RobotsEntry,
  type RobotsFetch,
  robotsEntryOf,
  unpackEntry,
} from './entry.ts';

/** How long to wait for the robots.txt of a host. */
export interface RobotsTimes {
  /** The lock ends this long after its holder has died. The holder renews it three times in this time. */
  lockMs: number;
  /** How long to wait for the fetch of another process. After that, the answer is `later`. */
  waitMs: number;
  /** The interval in which to check whether the fetch of another process has ended. */
  pollMs: number;
  /** After `later`, the time until the caller should ask again. */
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
 * Returns a fresh entry from Redis. If there is none, calls `fetchRobots` and stores the result, or waits up
 * to `waitMs` if another process is already fetching it. Throws the errors of `fetchRobots` and of Redis.
 */
export async function findRobots(
  parts: FleetParts,
  origin: string,
  fetchRobots: FetchRobots,
): Promise<RobotsEntry | Later> {
  const { nowMs, times } = parts;
  const fleet = shardOfOrigin(parts.fleet, origin);
  const { redis } = fleet;
  const key = fleet.keys.robots(origin);
  const lock = { origin, token: randomUUID() };
  const deadline = performance.now() + times.waitMs;
  for (;;) {
    const known = await read(redis, key);
    if (isFresh(known, nowMs())) return known;
    if (await fleet.run(lockScript, { ...lock, holdMs: times.lockMs })) {
      return fetchLocked({ ...parts, fleet }, lock, () => fetchRobots(`${origin}/robots.txt`));
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
    fleet.run(lockScript, { ...lock, holdMs: times.lockMs }).catch(() => {}); // if Redis is gone, the next command fails
  }, times.lockMs / 3);
  try {
    const known = await read(redis, key); // the holder before may just have stored it
    if (isFresh(known, nowMs())) return known;
    const fetched = await fetchIt();
    if (fetched.kind === 'later') return fetched;
    const entry = robotsEntryOf(fetched, known, nowMs());
    await redis.set(key, packEntry(entry), 'PX', keepMs(entry));
    return entry;
  } finally {
    clearInterval(renewal);
    await fleet.run(unlockScript, lock);
  }
}

/** The entry of an origin's robots.txt in Redis, fresh or not; null if there is none. Fetches nothing. */
export function knownRobots(fleet: Fleet, origin: string): Promise<RobotsEntry | null> {
  const { redis, keys } = shardOfOrigin(fleet, origin);
  return read(redis, keys.robots(origin));
}

/** The shard of its host. */
function shardOfOrigin(fleet: Fleet, origin: string): Fleet {
  return shardOf(fleet, limiterKeyOf(`${origin}/`));
}

async function read(redis: Redis, key: string): Promise<RobotsEntry | null> {
  return unpackEntry(await redis.getBuffer(key));
}

function isFresh(entry: RobotsEntry | null, nowMs: number): entry is RobotsEntry {
  return entry !== null && entry.freshUntilMs > nowMs;
}
