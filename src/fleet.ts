// The handle of one fleet: a connection, the namespace that its keys in Redis begin with, and these keys.
import { type Keys, keysOf } from './keys.ts';
import type { Redis } from './redis.ts';

/** What whoever reads or changes a fleet's state in Redis works with. */
export interface Fleet {
  /** For scripts and reads; whoever opened it closes it. */
  readonly redis: Redis;
  /** What all its keys begin with, such as `{drover:0}`. */
  readonly namespace: string;
  readonly keys: Keys;
}

export function fleetOf(redis: Redis, namespace: string): Fleet {
  return { redis, namespace, keys: keysOf(namespace) };
}
