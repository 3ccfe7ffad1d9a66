// The Lua scripts: one file each, pieces shared by `--- include PATH` (from src/), registered once per connection. What each takes and
// answers is said once, in TypeScript, by defineScript; it is run by Fleet.run.
import { readFileSync } from 'node:fs';
import type { Keys } from './keys.ts';
import type { Redis } from './redis.ts';

export type ScriptArgument = string | number;
export type ScriptReply = string | number | null | ScriptReply[];

/** A script with what it is given and what it answers. */
export interface Script<Given, Answer> {
  /** From src/, such as `frontier/lua/offer.lua`. Its name is that of its metric. */
  readonly path: string;
  /** KEYS[1], which routes the call in a cluster: the scripts make the other keys of the namespace themselves. */
  readonly key: (keys: Keys, given: Given) => string;
  /** ARGV from the second on; the first is the namespace. */
  readonly args: (given: Given) => ScriptArgument[];
  readonly answer: (reply: ScriptReply, given: Given) => Answer;
}

/** Declares a script. That `answer` and the file agree is held by the tests of whatever runs it. */
export function defineScript<Given, Answer>(script: Script<Given, Answer>): Script<Given, Answer> {
  return script;
}

/** Reads a reply that is one of these words. Throws on any other: TypeScript and Lua have come apart. */
export function oneOf<Word extends string>(...words: readonly Word[]): (reply: unknown) => Word {
  const known: ReadonlySet<unknown> = new Set(words);
  return (reply) => {
    if (known.has(reply)) return reply as Word;
    throw new Error(`A script answered ${JSON.stringify(reply)}, which is none of ${words.join(', ')}.`);
  };
}

/** Told of each script that has answered: its path, and how long the call took. */
export type ScriptWatch = (path: string, ms: number) => void;

const watches = new WeakMap<Redis, ScriptWatch>();

/** From now on, `watch` hears of every script that is run on this connection. */
export function watchScripts(redis: Redis, watch: ScriptWatch): void {
  watches.set(redis, watch);
}

type Call = (key: string, ...args: ScriptArgument[]) => Promise<ScriptReply>;

const texts = new Map<string, string>();
const known = new WeakMap<Redis, Map<string, Call>>();

/** Runs a script, atomically, by EVALSHA (EVAL after a restart of Redis), and answers what it says. `args` are those of ARGV. */
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
