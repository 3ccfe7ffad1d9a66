// Runs the Lua scripts. Each script is one file, which may include pieces with `--- include PATH` (relative
// to src/). defineScript says once what a script is given and what it answers; Fleet.run runs it.
import { readFileSync } from 'node:fs';
import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

export type ScriptArgument = string | number | Buffer;
export type ScriptReply = string | number | null | ScriptReply[];

/** What a script is given, and what it answers. */
export interface Script<Given, Answer> {
  /** From src/, such as `frontier/lua/offer.lua`. Its name is that of its metric. */
  readonly path: string;
  /** KEYS[1]. It routes the call in a cluster; the script derives the other keys of the namespace. */
  readonly key: (keys: Keys, given: Given) => string;
  /** ARGV from the second on; the first is the namespace. */
  readonly args: (given: Given) => ScriptArgument[];
  readonly answer: (reply: ScriptReply, given: Given) => Answer;
  /** Its answer is a promise that somebody relies on: with --durability replica, a replica has it by then. */
  readonly isAcknowledged?: true;
}

/** Declares a script. The tests of its callers hold that `answer` and the Lua file agree. */
export function defineScript<Given, Answer>(script: Script<Given, Answer>): Script<Given, Answer> {
  return script;
}

/** Reads a reply that is one of these words. Throws on any other word: then TypeScript and Lua disagree. */
export function oneOf<Word extends string>(...words: readonly Word[]): (reply: unknown) => Word {
  const known: ReadonlySet<unknown> = new Set(words);
  return (reply) => {
    if (known.has(reply)) return reply as Word;
    throw new Error(`A script answered ${JSON.stringify(reply)}, which is none of ${words.join(', ')}.`);
  };
}

/** Called after each script that has answered, with its path and the duration of the call in milliseconds. */
export type ScriptWatch = (path: string, ms: number) => void;

const watches = new WeakMap<Redis, ScriptWatch>();

/** From now on, `watch` is called for every script that is run on this connection. */
export function watchScripts(redis: Redis, watch: ScriptWatch): void {
  watches.set(redis, watch);
}

type Call = (key: string, ...args: ScriptArgument[]) => Promise<ScriptReply>;

const texts = new Map<string, string>();
const known = new WeakMap<Redis, Map<string, Call>>();

/** Runs a script atomically, with EVALSHA (with EVAL after a restart of Redis). `args` are those of ARGV. */
export function runScript(
  redis: Redis,
  path: string,
  key: string,
  args: readonly ScriptArgument[],
): Promise<ScriptReply> {
  const call = callOf(redis, path);
  const watch = watches.get(redis);
  if (!watch) return call(key, ...args);
  const sentAt = performance.now();
  return call(key, ...args).then((value) => {
    watch(path, performance.now() - sentAt);
    return value;
  });
}

function callOf(redis: Redis, path: string): Call {
  let calls = known.get(redis);
  if (!calls) {
    calls = new Map();
    known.set(redis, calls);
  }
  let call = calls.get(path);
  if (!call) {
    const name = `drover_${path.replace(/[^a-z]/g, '_')}`;
    redis.defineCommand(name, { numberOfKeys: 1, lua: scriptText(path) });
    call = (redis as unknown as Record<string, Call>)[name]?.bind(redis) as Call;
    calls.set(path, call);
  }
  return call;
}

/** The script's text with its includes put in, each where it is first asked for. */
function scriptText(path: string): string {
  const cached = texts.get(path);
  if (cached !== undefined) return cached;
  const included = new Set<string>();
  const expand = (file: string): string => {
    if (included.has(file)) return '';
    included.add(file);
    const raw = readFileSync(new URL(file, import.meta.url), 'utf8');
    return raw.replace(/^--- include (\S+)$/gm, (_, piece: string) => expand(piece));
  };
  const text = expand(path);
  texts.set(path, text);
  return text;
}
