// Loads the Lua scripts: one file each, pieces shared by `--- include PATH` (from src/), registered once per connection.
import { readFileSync } from 'node:fs';
import type { Redis } from './redis.ts';

const texts = new Map<string, string>();
const known = new WeakMap<Redis, Set<string>>();

/** The script's text with its includes put in. `path` is relative to src/, such as `frontier/lua/offer.lua`. */
function scriptText(path: string): string {
  const cached = texts.get(path);
  if (cached !== undefined) return cached;
  const raw = readFileSync(new URL(path, import.meta.url), 'utf8');
  const text = raw.replace(/^--- include (\S+)$/gm, (_, included: string) => scriptText(included));
  texts.set(path, text);
  return text;
}

/** Told of each script that has answered: its path, and how long the call took. */
export type ScriptWatch = (path: string, ms: number) => void;

const watches = new WeakMap<Redis, ScriptWatch>();

/** From now on, `watch` hears of every script that is run on this connection. */
export function watchScripts(redis: Redis, watch: ScriptWatch): void {
  watches.set(redis, watch);
}

export type ScriptReply = string | number | null | ScriptReply[];

/**
 * Runs a script, atomically, by EVALSHA (EVAL after a restart of Redis). `key` routes the call in a cluster: all keys of one
 * namespace carry the same hash tag, and the scripts derive the others from it.
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
