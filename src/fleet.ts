// The handle of one shard of a fleet: a connection to Redis, the namespace of its keys, the keys themselves,
// and scripts.
import { hash } from 'node:crypto';
import { DroverError } from './errors.ts';
import { type Keys, keysOf, namespaceOfShard } from './keys.ts';
import { replicatedOf } from './redis/durability.ts';
import type { Redis } from './redis.ts';
import { runScript, type Script } from './scripts.ts';

/** What every function needs that reads or changes a fleet's state in Redis. */
export interface Fleet {
  /** Connection for reads and single commands. Whoever opened it closes it. */
  readonly redis: Redis;
  /** Prefix of all keys of the shard, such as `{drover:0}`. */
  readonly namespace: string;
  readonly keys: Keys;
  /** Its number. 0 is home, which also has what a fleet has once. Most functions are given home. */
  readonly shard: number;
  /** All shards of the fleet, in their order. */
  readonly shards: readonly Fleet[];
  /** Runs a script: one atomic step. Rejects with what Redis says when it is away, or the script fails. */
  run<Given, Answer>(script: Script<Given, Answer>, given: Given): Promise<Answer>;
}

/** The time of Redis, which all leases and waits of the fleet follow; milliseconds since 1970. */
export async function redisTimeMs({ redis }: Fleet): Promise<number> {
  const [seconds = 0, microseconds = 0] = (await redis.time()).map(Number);
  return seconds * 1000 + microseconds / 1000;
}

/** A fleet of one shard. */
export function fleetOf(redis: Redis, namespace: string): Fleet {
  return homeOf([redis], namespace);
}

/**
 * The home of a fleet, by which all its shards are found. `connections`: one for each shard, in their order;
 * it may be the same. `namespace`: that of home.
 */
export function homeOf(connections: readonly Redis[], namespace: string): Fleet {
  const shards: Fleet[] = [];
  for (const [shard, redis] of connections.entries())
    shards.push(shardFleet(redis, namespaceOfShard(namespace, shard), shard, shards));
  return shards[0] as Fleet;
}

function shardFleet(redis: Redis, namespace: string, shard: number, shards: readonly Fleet[]): Fleet {
  const keys = keysOf(namespace);
  const replicated = replicatedOf(redis);
  return {
    ...{ redis, namespace, keys, shard, shards },
    async run(script, given) {
      const { path, key, args, answer } = script;
      const argv = args(given);
      argv.unshift(namespace);
      const call = () => runScript(redis, path, key(keys, given), argv);
      return answer(await (replicated && script.isAcknowledged ? replicated(call) : call()), given);
    },
  };
}

/**
 * From now on the namespace has this number of shards, unless it has another one: what is begun, limited or
 * consumed goes by it. Returns the number that it has.
 */
export async function fixShards({ redis, keys }: Fleet, shards: number): Promise<number> {
  await redis.set(keys.shards, shards, 'NX');
  return Number(await redis.get(keys.shards));
}

/**
 * The same with the number that this process found when it joined the fleet. Throws E_SHARDS when another
 * process has given the namespace another one meanwhile: each would look for hosts where they are not.
 */
export async function holdShards(fleet: Fleet): Promise<void> {
  const [kept, known] = [await fixShards(fleet, fleet.shards.length), fleet.shards.length];
  if (kept === known) return;
  throw new DroverError('E_SHARDS', `${fleet.namespace} has got ${kept}, and had ${known} a moment before.`);
}

/** The home of the fleet that the shard belongs to. */
export function homeOfShard(fleet: Fleet): Fleet {
  return fleet.shards[0] as Fleet;
}

/**
 * The shard that has a limiter key, with all that belongs to it. The last bits of a hash say which, so that a
 * shard of N is spread over two of 2 N.
 */
export function shardOf(fleet: Fleet, key: string): Fleet {
  const { shards } = fleet;
  return shards.length === 1 ? fleet : (shards[shardNumber(key, shards.length)] as Fleet);
}

/** The same for many keys, by shard and in their order. */
export function keysByShard(fleet: Fleet, keys: readonly string[]): Map<Fleet, string[]> {
  return Map.groupBy(keys, (key) => shardOf(fleet, key));
}

const numbers = new Map<string, number>();
const MOST_NUMBERS = 20_000;

/** The number of the shard that has the limiter key. `shards` is a power of two. */
export function shardNumber(key: string, shards: number): number {
  let number = numbers.get(key);
  if (number === undefined) {
    number = Number.parseInt(hash('sha1', key, 'hex').slice(0, 8), 16);
    if (numbers.size >= MOST_NUMBERS) numbers.clear();
    numbers.set(key, number);
  }
  return number & (shards - 1);
}

/** All connections of the fleet, each once. */
export function connectionsOf({ shards }: Fleet): Redis[] {
  return [...new Set(shards.map(({ redis }) => redis))];
}
