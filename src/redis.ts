// Connects to Redis. This is the only file that imports ioredis; what a connection is checked for stands in
// src/redis/. Passwords never get into messages or causes.
import type { Socket } from 'node:net';
import * as ioredis from 'ioredis';
import { DroverError } from './errors.ts';
import { parseRedisAddress, type RedisPlace } from './redis/address.ts';
import { isFinalRedisError, isForbidden, isPassingRefusal, isReadonly } from './redis/failures.ts';
import { shareWrites } from './redis/shared-writes.ts';

export type Redis = ioredis.Redis;

/** The address of a Redis: redis://user:password@host:port/db, rediss://… or unix:/path/to/redis.sock. */
export interface RedisAddress {
  readonly url: string;
}

/**
 * What a connection is used for. It decides how long a command waits while Redis cannot be reached, or cannot
 * answer (E_REDIS_BUSY). worker, for the blocking reads of BullMQ: without limit. producer: about 2 s.
 * script, for drover's own calls, which are idempotent: without limit, and the call is sent again after a
 * reconnect. Use single commands only: ioredis gives up a pipeline that was partly answered.
 */
export type Role = 'worker' | 'producer' | 'script';

/** How long a first connection may take. */
export const connectTimeoutMs = 3000;
/**
 * A connection that owes an answer for this long is given up, and a new one is made: something between has
 * forgotten it. Blocking reads last 10 s at most.
 */
const SILENT_MS = 15_000;
const lastErrors = new WeakMap<Redis, Error>();

const patience: Record<Role, Partial<ioredis.RedisOptions>> = {
  worker: { maxRetriesPerRequest: null, socketTimeout: SILENT_MS },
  script: { maxRetriesPerRequest: null, autoResendUnfulfilledCommands: true, socketTimeout: SILENT_MS },
  producer: { maxRetriesPerRequest: 5, commandTimeout: 5000, socketTimeout: SILENT_MS },
};

/** The last error of the connection itself; none while it works. */
export function lastErrorOf(redis: Redis): Error | undefined {
  return lastErrors.get(redis);
}

/**
 * Begins to connect, and reconnects until quit() or closeRedis() closes the connection. Errors of the
 * connection are kept for checkRedis() and never thrown. Throws E_SETTING if the address is invalid.
 */
export function connectRedis(address: RedisAddress, role: Role, options: { name?: string } = {}): Redis {
  const name = ['drover', role, process.pid, options.name]
    .filter(Boolean)
    .join(':')
    .replace(/[^!-~]/g, '_');
  const settings: ioredis.RedisOptions = {
    connectionName: name,
    disableClientInfo: true,
    connectTimeout: connectTimeoutMs - 500,
    disconnectTimeout: 200,
    retryStrategy: (times) => Math.min(50 * 2 ** (times - 1), 1000),
    reconnectOnError: (error) => reconnectAfter(error, role),
    ...patience[role],
  };
  const redis = open(parseRedisAddress(address.url), settings);
  redis.on('error', (error: Error & { command?: { args: unknown[] } }) => {
    if (error.command) error.command.args = [];
    lastErrors.set(redis, error);
  });
  redis.on('connect', () => {
    const { stream } = redis as unknown as { stream: Socket };
    // Each command that Redis refuses for now may ask for a reconnect, and listens for the socket's end.
    stream.setMaxListeners(0);
    shareWrites(stream);
  });
  redis.on('ready', () => {
    // If there is no database of this number, ioredis goes on with database 0: keep the error after 'ready'.
    if (!isFinalRedisError(lastErrors.get(redis))) lastErrors.delete(redis);
  });
  return redis;
}

/**
 * Closes the connection at once, whatever its state, and rejects the commands that wait. The disconnect() of
 * ioredis alone would never settle these commands if it is called between two attempts to reconnect.
 */
export function closeRedis(redis: Redis): void {
  redis.disconnect();
  if (redis.status !== 'reconnecting') return;
  const inner = redis as unknown as {
    setStatus(status: string): void;
    flushQueue(error: Error): void;
    prevCommandQueue?: { shift(): { command: { reject(error: Error): void } } | undefined };
  };
  const error = new Error('Connection is closed.');
  inner.setStatus('end');
  for (let item = inner.prevCommandQueue?.shift(); item; item = inner.prevCommandQueue?.shift()) {
    item.command.reject(error);
  }
  inner.flushQueue(error);
}

/**
 * After a failover, the old primary answers READONLY: reconnect, so that the name is looked up again. A
 * script call that Redis has refused for now is sent again on the new connection, which is ready when Redis
 * answers again.
 */
function reconnectAfter(error: Error, role: Role): 1 | 2 | false {
  if (isReadonly(error)) return role === 'script' ? 2 : 1;
  return role === 'script' && isPassingRefusal(error) ? 2 : false;
}

function open(place: RedisPlace, settings: ioredis.RedisOptions): Redis {
  try {
    return answeringInfo(new ioredis.Redis({ ...place, ...settings }));
  } catch (cause) {
    throw new DroverError('E_SETTING', `The address of Redis: ${(cause as Error).message}.`);
  }
}

/**
 * What INFO is said to answer when the user may not ask, as a managed Redis often has it: the oldest version
 * that drover takes. ioredis asks whether the data are loaded, and BullMQ which commands there are.
 */
const LEAST_INFO = 'redis_version:6.2.0\r\nmaxmemory_policy:noeviction\r\n';

/** How often INFO is asked again while Redis cannot answer. */
const ASK_AGAIN_MS = 250;

/**
 * Makes info() of the connection, and of its duplicates, answer LEAST_INFO when Redis forbids it, and wait
 * while Redis cannot answer: else ioredis would reject all that waits for the connection.
 */
function answeringInfo(redis: Redis): Redis {
  const ask = redis.info.bind(redis) as (...sections: string[]) => Promise<string>;
  const untilAnswered = async (sections: string[]): Promise<string> => {
    for (;;) {
      try {
        return await ask(...sections);
      } catch (error) {
        if (isForbidden(error as Error)) return LEAST_INFO;
        if (!isPassingRefusal(error as Error)) throw error;
        lastErrors.set(redis, error as Error);
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS).unref());
      }
    }
  };
  const info = (...given: unknown[]): Promise<string> => {
    const callback = given.at(-1);
    const answer = untilAnswered(given.filter((section) => typeof section === 'string'));
    if (typeof callback === 'function') answer.then((text) => callback(null, text), callback as () => void);
    return answer;
  };
  const duplicate = redis.duplicate.bind(redis);
  return Object.assign(redis, {
    info,
    duplicate: (override?: Partial<ioredis.RedisOptions>) => answeringInfo(duplicate(override)),
  });
}
