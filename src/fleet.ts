// The handle of one fleet: a connection, the namespace that its keys in Redis begin with, these keys, and its scripts.
import { type Keys, keysOf } from './keys.ts';
import type { Redis } from './redis.ts';
import { runScript, type Script } from './scripts.ts';

/** What whoever reads or changes a fleet's state in Redis works with. */
export interface Fleet {
  /** For reads and single commands; whoever opened it closes it. */
  readonly redis: Redis;
  /** What all its keys begin with, such as `{drover:0}`. */
  readonly namespace: string;
  readonly keys: Keys;
  /** Runs a script: one atomic step. Rejects with what Redis says when it is away, or the script fails. */
  run<Given, Answer>(script: Script<Given, Answer>, given: Given): Promise<Answer>;
}

export function fleetOf(redis: Redis, namespace: string): Fleet {
  const keys = keysOf(namespace);
  return {
    redis,
    namespace,
    keys,
    async run(script, given) {
      const { path, key, args, answer } = script;
      const argv = args(given);
      argv.unshift(namespace);
      return answer(await runScript(redis, path, key(keys, given), argv), given);
    },
  };
}
