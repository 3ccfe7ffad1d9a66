// Tells which keys of some shards change, by what Redis offers for caches in clients (CLIENT TRACKING with
// BCAST), and holds all writes of their server back for a moment (CLIENT PAUSE).
import { once as onceOf } from 'node:events';
import { DroverError } from '../errors.ts';
import { redisFailure } from '../redis/failures.ts';
import { backupRights, INVALIDATIONS } from '../redis/rights.ts';
import type { Redis } from '../redis.ts';

/** So long the writes of all clients wait at most, should this process die meanwhile. */
const HELD_MS = 2000;
const HOLD_AGAIN_MS = 500;

export interface WatchedKeys {
  /** For reading. It is lost with the process of the watch: nothing connects again. */
  readonly redis: Redis;
  /** The keys that have changed since the last call: those that were written, deleted or expired. */
  changes(): Promise<Buffer[]>;
  /** Writes of every client of this Redis wait until `release`. Whether they did, `changes` says. */
  hold(): Promise<void>;
  /** Never rejects: they go on by themselves when this process is gone. */
  release(): Promise<void>;
  close(): void;
}

/** `namespaces`: of shards on this Redis. Throws E_REDIS_RIGHTS, with what is needed, and errors of redis. */
export async function watchKeys(redis: Redis, namespaces: readonly string[]): Promise<WatchedKeys> {
  const once = { retryStrategy: () => null, reconnectOnError: null, autoResendUnfulfilledCommands: false };
  const options = { ...once, maxRetriesPerRequest: 0 };
  const listener = redis.duplicate({ ...options, protocol: 2 });
  const reader = redis.duplicate(options);
  let changed = new Map<string, Buffer>();
  let isAll = false;
  for (const connection of [listener, reader]) connection.on('error', () => undefined);
  listener.on('messageBuffer', (channel: Buffer, keys: unknown) => {
    if (channel.toString() !== INVALIDATIONS) return;
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
    await listener.subscribe(INVALIDATIONS);
    const prefixes = namespaces.flatMap((namespace) => ['PREFIX', `${namespace}:`]);
    await reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', ...prefixes);
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

  let again: NodeJS.Timeout | undefined;
  const pause = () => reader.call('CLIENT', 'PAUSE', String(HELD_MS), 'WRITE');
  const rejected = (error: unknown) => Promise.reject(named(error));
  return {
    redis: reader,
    changes: () => changes().catch(rejected),
    async hold() {
      await pause().catch(rejected);
      again = setInterval(() => pause().catch(() => undefined), HOLD_AGAIN_MS).unref();
    },
    async release() {
      clearInterval(again);
      await reader.call('CLIENT', 'UNPAUSE').catch(() => undefined);
    },
    close,
  };
}

function named(error: unknown): unknown {
  if (error instanceof DroverError) return error;
  const known = redisFailure(error);
  if (known?.code !== 'E_REDIS_RIGHTS') return known ?? error;
  const needs = `${backupRights} &${INVALIDATIONS}`;
  return new DroverError('E_REDIS_RIGHTS', `A backup needs ${needs}.`, { cause: known.cause });
}
