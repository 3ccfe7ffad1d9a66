// Runs the Lua scripts. Each script is one file, which may include others with `--- include PATH` (relative
// to src/). A script is registered once for each connection.
import { readFileSync } from 'node:fs';
import type { Redis } from './redis.ts';

const texts = new Map<string, string>();
const known = new WeakMap<Redis, Set<string>>();

/** The text of a script with its includes. `path` is relative to src/, such as `frontier/lua/offer.lua`. */
function scriptText(path: string): string {
  const cached = texts.get(path);
  if (cached !== undefined) return cached;
  const raw = readFileSync(new URL(path, import.meta.url), 'utf8');
  const text = raw.replace(/^--- include (\S+)$/gm, (_, included: string) => scriptText(included));
  texts.set(path, text);
  return text;
}

/** Called after each script that has answered, with its path and the duration of the call in milliseconds. */
export type ScriptWatch = (path: string, ms: number) => void;

const watches = new WeakMap<Redis, ScriptWatch>();

/** From now on, `watch` is called for every script that is run on this connection. */
export function watchScripts(redis: Redis, watch: ScriptWatch): void {
  watches.set(redis, watch);
}

export type ScriptReply = string | number | null | ScriptReply[];

/**
 * Runs a script atomically, with EVALSHA (with EVAL after a restart of Redis). `key` routes the call in a
 * cluster. All keys of one namespace have the same hash tag, and the scripts derive the other keys from this
 * one.
 */
export function runScript(
  redis: Redis,
  path: string,
  key: string,
  args: (string | number)[],
): Promise<ScriptReply> {
  let names = known.get(redis);
  if (!names) {
    names = new Set();
    known.set(redis, names);
  }
  const name = `drover_${path.replace(/[^a-z]/g, '_')}`;
  if (!names.has(name)) {
    redis.defineCommand(name, { numberOfKeys: 1, lua: scriptText(path) });
    names.add(name);
  }
  const commands = redis as unknown as Record<
    string,
    (key: string, ...args: (string | number)[]) => Promise<ScriptReply>
  >;
  const watch = watches.get(redis);
  const sentAt = watch ? performance.now() : 0;
  const reply = (commands[name] as (key: string, ...args: (string | number)[]) => Promise<ScriptReply>).call(
    redis,
    key,
    ...args,
  );
  if (!watch) return reply;
  return reply.then((value) => {
    watch(path, performance.now() - sentAt);
    return value;
  });
}
