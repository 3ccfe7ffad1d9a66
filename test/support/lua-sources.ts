// The Lua scripts as text: what each includes, and the keys in Redis that it spells.
import { keysOf } from '../../src/keys.ts';
import { type SourceFile, sourcesIn } from './sources.ts';

/** All of src/, sorted by path. */
export const luaFiles: readonly SourceFile[] = sourcesIn(['src'], 'lua');

/** Paths from the root of the project, such as src/lua/clock.lua. */
export function includesOf({ text }: SourceFile): string[] {
  return [...text.matchAll(/^--- include (\S+)$/gm)].map((match) => `src/${match[1]}`);
}

/** Of a piece of a script; what is a script of its own reads ARGV. */
export function isScript({ text }: SourceFile): boolean {
  return /\bARGV\b/.test(withoutLuaComments(text));
}

export function withoutLuaComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, '');
  return text.replace(/--\[\[[\s\S]*?\]\]/g, blank).replace(/--.*$/gm, '');
}

export interface SpelledKey {
  /**
   * `NS:c:*:due` where it begins with the namespace, `:due` where it goes on from another key; `*` for what
   * differs.
   */
  name: string;
  line: number;
}

/**
 * Keys that a Lua file puts together: a variable, then strings of which the first begins with a colon, `ns ..
 * ':c:' .. crawl`.
 */
export function spelledKeys({ text }: SourceFile): SpelledKey[] {
  const code = withoutLuaComments(text);
  const found: SpelledKey[] = [];
  const start = /([\w.]+(?:\[[^\]]*\])?)\s*\.\.\s*(?=':)/g;
  for (let match = start.exec(code); match; match = start.exec(code)) {
    const { name, end } = joinedFrom(code, start.lastIndex);
    const isWhole = match[1] === 'ns' || match[1] === 'ARGV[1]';
    found.push({
      name: `${isWhole ? 'NS' : ''}${name}`,
      line: code.slice(0, match.index).split('\n').length,
    });
    start.lastIndex = end;
  }
  return found;
}

/** Reads `'…' .. term .. '…'` from a place on: strings as they are, anything else as `*`. */
function joinedFrom(code: string, from: number): { name: string; end: number } {
  let [name, at] = ['', from];
  for (;;) {
    const rest = code.slice(at);
    const literal = /^'([^']*)'/.exec(rest);
    const term = literal ? literal[0] : termAt(rest);
    name += literal ? literal[1] : '*';
    at += term.length;
    const joint = /^\s*\.\.\s*/.exec(code.slice(at));
    if (!joint) return { name, end: at };
    at += joint[0].length;
  }
}

/** A name with its indices and calls, or what stands in parentheses. */
function termAt(rest: string): string {
  let [depth, at] = [0, 0];
  for (; at < rest.length; at++) {
    const char = rest[at] as string;
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char) && --depth < 0) break;
    else if (depth === 0 && !/[\w.:]/.test(char)) break;
    else if (depth === 0 && rest.startsWith('..', at)) break;
  }
  return rest.slice(0, at);
}

/** Every key of src/keys.ts, with `NS` for the namespace and `*` for what differs: `NS:c:*:due`. */
export function knownKeys(): { entry: string; name: string }[] {
  return Object.entries(keysOf('NS')).map(([entry, key]) => ({
    entry,
    name: typeof key === 'string' ? key : (key as (...parts: string[]) => string)('*', '*', '*'),
  }));
}
