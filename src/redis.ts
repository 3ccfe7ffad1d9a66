// Connects to Redis. This is the only file that imports ioredis; how an address is read, how the primary is
// found and what a connection is checked for stands in src/redis/. Passwords never get into messages or
// causes.
import type { Socket } from 'node:net';
import * as ioredis from 'ioredis';
import type { Settings } from './config/settings.ts';
import { DroverError } from './errors.ts';
import { namespaceOf } from './keys.ts';
import { type Guide, parseRedisAddress, type RedisPlace } from './redis/address.ts';
import { waitsForReplica } from './redis/durability.ts';
import { isFinalRedisError, isForbidden, isMovedAway, isPassingRefusal } from './redis/failures.ts';
import { connectorTo, type OpenLine } from './redis/primary.ts';
import { shareWrites } from './redis/shared-writes.ts';

export type Redis = ioredis.Redis;

/** Where a Redis is, and what its connections are for. */
export interface RedisAddress {
  /** As docs/operate/REDIS.md has it: redis://, rediss://, unix:, redis+sentinel:// or redis+cluster://. */
  readonly url: string;
  /** Prefix of the keys, such as `{drover:0}`: in a Cluster, the node that has them is connected to. */
  readonly namespace?: string;
  /** How many shards the fleet has, once it has been opened; 1 by default. */
  readonly shards?: number;
  /** Whether what is acknowledged has to be on a replica too (--durability replica). */
  readonly onReplica?: boolean;
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
/** A connection that is ready for this long is refused no more. */
const CALM_MS = 3000;
const lastErrors = new WeakMap<Redis, Error>();

const patience: Record<Role, Partial<ioredis.RedisOptions>> = {
  worker: { maxRetriesPerRequest: null, socketTimeout: SILENT_MS },
  script: { maxRetriesPerRequest: null, autoResendUnfulfilledCommands: true, socketTimeout: SILENT_MS },
  producer: { maxRetriesPerRequest: 5, commandTimeout: 5000, socketTimeout: SILENT_MS },
};

/** The address of the Redis at `url` as these settings use it. */
export function redisAddressOf(
  { namespace, durability }: Pick<Settings, 'namespace' | 'durability'>,
  url: string,
): RedisAddress {
  return { url, namespace: namespaceOf(namespace), onReplica: durability === 'replica' };
}

/** By way of whom the connection finds its primary; undefined for one that has the address of its own. */
export function throughOf(redis: Redis): Guide | undefined {
  return (redis.options as RedisPlace).through;
}

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
  let refusals = 0;
  const settings: ioredis.RedisOptions = {
    connectionName: name,
    disableClientInfo: true,
    connectTimeout: connectTimeoutMs - 500,
    disconnectTimeout: 200,
    retryStrategy: (times) => Math.min(50 * 2 ** (Math.max(times, refusals) - 1), 1000),
    reconnectOnError: (error) => {
      const answer = reconnectAfter(error, role);
      // A server that refuses answers at once. Each such reconnect waits longer than the one before.
      if (answer !== false) refusals = Math.min(refusals + 1, 6);
      return answer;
    },
    ...patience[role],
  };
  const redis = open(parseRedisAddress(address.url), settings, address.namespace ?? '');
  if (address.onReplica) waitsForReplica(redis);
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
    const calm = () => {
      if (redis.status === 'ready') refusals = 0;
    };
    if (refusals > 0) setTimeout(calm, CALM_MS).unref();
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
 * After a failover, the old primary answers READONLY or MOVED: reconnect, so that the primary is looked for
 * again. Nothing of the command was carried out, so it is sent again on the new connection. So is a script
 * call that Redis has refused for now; the connection is ready when Redis answers again.
 */
function reconnectAfter(error: Error, role: Role): 2 | false {
  return isMovedAway(error) || (role === 'script' && isPassingRefusal(error)) ? 2 : false;
}

/** A connection for questions alone, such as who is the primary. It is never made again by itself. */
const openLine: OpenLine = (place) =>
  new ioredis.Redis({
    ...place,
    connectionName: `drover:guide:${process.pid}`,
    disableClientInfo: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 1000,
    commandTimeout: 1000,
    disconnectTimeout: 200,
  });

function open(place: RedisPlace, settings: ioredis.RedisOptions, namespace: string): Redis {
  const connector = connectorTo(place, namespace, openLine) as ioredis.RedisOptions['Connector'] | null;
  try {
    const options = { ...place, ...settings, ...(connector ? { Connector: connector } : {}) };
    return answeringInfo(new ioredis.Redis(options));
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
  const disconnect = redis.disconnect.bind(redis);
  return Object.assign(redis, {
    info,
    /**
     * BullMQ asks for a new connection when a blocking read takes too long, also while one is being made. The
     * search for the primary would end then, and ioredis the connection for good.
     */
    disconnect(reconnect = false) {
      const isUnderWay = reconnect && redis.status === 'connecting' && throughOf(redis) !== undefined;
      if (!isUnderWay) disconnect(reconnect);
    },
    duplicate: (override?: Partial<ioredis.RedisOptions>) => answeringInfo(duplicate(override)),
  });
}
