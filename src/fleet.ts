// The handle of one fleet: a connection to Redis, the namespace of its keys, the keys themselves, and
// scripts.
import { type Keys, keysOf } from './keys.ts';
import { replicatedOf } from './redis/durability.ts';
import type { Redis } from './redis.ts';
import { runScript, type Script } from './scripts.ts';

/** What every function needs that reads or changes a fleet's state in Redis. */
export interface Fleet {
  /** Connection for reads and single commands. Whoever opened it closes it. */
  readonly redis: Redis;
  /** Prefix of all keys of the fleet, such as `{drover:0}`. */
  readonly namespace: string;
  readonly keys: Keys;
  /** Runs a script: one atomic step. Rejects with what Redis says when it is away, or the script fails. */
  run<Given, Answer>(script: Script<Given, Answer>, given: Given): Promise<Answer>;
}

/** The time of Redis, which all leases and waits of the fleet follow; milliseconds since 1970. */
export async function redisTimeMs({ redis }: Fleet): Promise<number> {
  const [seconds = 0, microseconds = 0] = (await redis.time()).map(Number);
  return seconds * 1000 + microseconds / 1000;
}

export function fleetOf(redis: Redis, namespace: string): Fleet {
  const keys = keysOf(namespace);
  const replicated = replicatedOf(redis);
  return {
    redis,
    namespace,
    keys,
    async run(script, given) {
      const { path, key, args, answer } = script;
      const argv = args(given);
      argv.unshift(namespace);
      const call = () => runScript(redis, path, key(keys, given), argv);
      return answer(await (replicated && script.isAcknowledged ? replicated(call) : call()), given);
    },
  };
}
