// Tells which keys of a namespace change, by what Redis offers for caches in clients (CLIENT TRACKING with
// BCAST), and holds all writes back for a moment (CLIENT PAUSE).
import { once as onceOf } from 'node:events';
import { DroverError } from '../errors.ts';
import { redisFailure } from '../redis/failures.ts';
import type { Redis } from '../redis.ts';

/** Where Redis tells, on a connection without RESP3. */
const CHANNEL = '__redis__:invalidate';
/** So long the writes of all clients wait at most, should this process die meanwhile. */
const HELD_MS = 2000;
const HOLD_AGAIN_MS = 500;

export interface WatchedKeys {
  /** For reading. It is lost with the process of the watch: nothing connects again. */
  readonly redis: Redis;
  /** The keys that have changed since the last call: those that were written, deleted or expired. */
  changes(): Promise<Buffer[]>;
  /** Writes of every client of this Redis wait while `work` runs. Whether they did, `changes` says. */
  whileHeld<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

/** Throws E_REDIS_RIGHTS, with what is needed, and other errors of layer redis. */
export async function watchKeys(redis: Redis, namespace: string): Promise<WatchedKeys> {
  const once = { retryStrategy: () => null, reconnectOnError: null, autoResendUnfulfilledCommands: false };
  const options = { ...once, maxRetriesPerRequest: 0 };
  const listener = redis.duplicate({ ...options, protocol: 2 });
  const reader = redis.duplicate(options);
  let changed = new Map<string, Buffer>();
  let isAll = false;
  for (const connection of [listener, reader]) connection.on('error', () => undefined);
  listener.on('messageBuffer', (channel: Buffer, keys: unknown) => {
    if (channel.toString() !== CHANNEL) return;
    if (!Array.isArray(keys))
      isAll = true; // FLUSHALL, FLUSHDB
    else for (const key of keys as Buffer[]) changed.set(key.toString('latin1'), key);
  });
  const close = () => {
    listener.disconnect();
    reader.disconnect();
  };
  try {
    for (const connection of [listener, reader])
      if (connection.status !== 'ready') await onceOf(connection, 'ready');
    const id = await listener.call('CLIENT', 'ID');
    await listener.subscribe(CHANNEL);
    await reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', 'PREFIX', `${namespace}:`);
  } catch (error) {
    close();
    throw named(error);
  }

  async function changes(): Promise<Buffer[]> {
    // What Redis has told so far comes before this answer.
    await listener.ping();
    if (isAll) throw new DroverError('E_BACKUP_UNSTEADY', 'All keys were deleted meanwhile.');
    const keys = [...changed.values()];
    changed = new Map();
    return keys;
  }

  async function whileHeld<T>(work: () => Promise<T>): Promise<T> {
    const hold = () => reader.call('CLIENT', 'PAUSE', String(HELD_MS), 'WRITE');
    await hold();
    const again = setInterval(() => hold().catch(() => undefined), HOLD_AGAIN_MS).unref();
    try {
      return await work();
    } finally {
      clearInterval(again);
      await reader.call('CLIENT', 'UNPAUSE').catch(() => undefined);
    }
  }

  const rejected = (error: unknown) => Promise.reject(named(error));
  return {
    redis: reader,
    changes: () => changes().catch(rejected),
    whileHeld: (work) => whileHeld(work).catch(rejected),
    close,
  };
}

function named(error: unknown): unknown {
  if (error instanceof DroverError) return error;
  const known = redisFailure(error);
  if (known?.code !== 'E_REDIS_RIGHTS') return known ?? error;
  const needs = `+client|id +client|tracking +client|pause +client|unpause +scan +dump +pttl &${CHANNEL}`;
  return new DroverError('E_REDIS_RIGHTS', `A backup needs ${needs}.`, { cause: known.cause });
}
