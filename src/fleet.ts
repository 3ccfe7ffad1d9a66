// The handle of one fleet: a connection to Redis, the namespace of its keys, and the keys themselves.
import { type Keys, keysOf } from './keys.ts';
import type { Redis } from './redis.ts';

/** What every function needs that reads or changes a fleet's state in Redis. */
export interface Fleet {
  /** Connection for scripts and reads. Whoever opened it closes it. */
  readonly redis: Redis;
  /** Prefix of all keys of the fleet, such as `{drover:0}`. */
  readonly namespace: string;
  readonly keys: Keys;
}

export function fleetOf(redis: Redis, namespace: string): Fleet {
  return { redis, namespace, keys: keysOf(namespace) };
}
