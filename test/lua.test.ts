// The Lua scripts, held: floors of includes and keys, heads, one wrapper each. Each failure says what to do.
import assert from 'node:assert/strict';
import test from 'node:test';
import { mayKnow, placeOf } from './support/floors.ts';
import {
  includesOf,
  isScript,
  knownKeys,
  luaFiles,
  spelledKeys,
  withoutLuaComments,
} from './support/lua-sources.ts';
import { fileExists, findCycle, importsOf, sourcesIn } from './support/sources.ts';

/** Whose each key is, by how its name goes on after the namespace. */
const owners: Record<string, RegExp> = {
  'src/frontier':
    /^:(c:|crawls$|names$|serials$|forgetting$|active$|hand-over$|handing$|dead:|replay:|replays|outbox$|requests:|renders$|shards$|out:)/,
  'src/politeness': /^:(k:|server:|limited$|held$|keys$|consumers$)/,
  'src/robots': /^:robots:/,
  'src/cookies': /^:cookies$/,
  'src/schedules': /^:(schedules$|schedule:)/,
  'src/reshard': /^:reshard$/,
  'src/fleet': /^:(format|metrics|history|members$|heartbeat:|lease:|tail)/,
};
/**
 * Keys that are spelled in the room that they belong to and nowhere else: what the gate promises hangs on
 * each of them.
 */
const closed = /^NS:(k:|server:|limited$|held$|keys$)/;

const includes = luaFiles.flatMap((file) => includesOf(file).map((to) => ({ from: file.path, to })));
const scripts = luaFiles.filter((file) => isScript(file));
const product = sourcesIn(['src', 'producers', 'consumers', 'cli'], 'ts');

function holds(defects: readonly string[], advice: string): void {
  assert.ok(defects.length === 0, `${advice}\n${defects.map((defect) => `  ${defect}`).join('\n')}\n`);
}

const ownerOf = (name: string) =>
  Object.entries(owners).find(([, pattern]) => pattern.test(name.replace(/^NS/, '')))?.[0];

test('the scripts, their includes and their keys are found', () => {
  const keys = luaFiles.flatMap(spelledKeys);
  assert.ok(
    scripts.length > 20 && includes.length > 60,
    `${scripts.length} scripts, ${includes.length} includes`,
  );
  assert.ok(keys.length > 100, `${keys.length} keys`);
});

test('an include leads to a file, points downward or stays in its room, and never comes back', () => {
  holds(
    includes.filter(({ to }) => !fileExists(to)).map(({ from, to }) => `${from} → ${to}`),
    'Write the path from src/, with its ending.',
  );
  holds(
    includes.filter(({ from, to }) => !mayKnow(from, to)).map(({ from, to }) => `${from} → ${to}`),
    'Hand in what it needs, or move the script to the room that stands above both.',
  );
  assert.equal(findCycle(includes), null);
});

test('a piece is included by somebody, and each function is included where it is called', () => {
  const included = new Set(includes.map(({ to }) => to));
  holds(
    luaFiles.filter((file) => !isScript(file) && !included.has(file.path)).map(({ path }) => path),
    'Nobody includes it: remove it.',
  );
  const pieces = luaFiles.filter((file) => !isScript(file));
  const defects = luaFiles.flatMap((file) => {
    const code = withoutLuaComments(file.text);
    const reached = reachedFrom(file.path);
    return pieces
      .filter(
        ({ path, text }) =>
          path !== file.path && namesOf(text).some((name) => calls(code, name)) && !reached.has(path),
      )
      .map(({ path }) => `${file.path} calls what ${path} defines`);
  });
  holds(defects, 'Include it.');
});

test('an include is used by whoever asks for it', () => {
  const textOf = new Map(luaFiles.map(({ path, text }) => [path, text]));
  const unused = includes.filter(({ from, to }) => {
    const given = [...(textOf.get(to) ?? '').matchAll(/^local (?:function )?([A-Za-z_]\w*)/gm)].map(
      (match) => match[1],
    );
    const code = withoutLuaComments(textOf.get(from) ?? '');
    return !given.some((name) => new RegExp(`\\b${name}\\b`).test(code));
  });
  holds(
    unused.map(({ from, to }) => `${from} → ${to}`),
    'Take it out.',
  );
});

/** Functions that a piece gives to whoever includes it: the last, for the others are its own. */
function namesOf(text: string): string[] {
  return [...text.matchAll(/^local function (\w+)/gm)].map((match) => match[1] ?? '').slice(-1);
}

function calls(code: string, name: string): boolean {
  return (
    new RegExp(`(?<!function )\\b${name}\\(`).test(code) &&
    !new RegExp(`local function ${name}\\b`).test(code)
  );
}

function reachedFrom(path: string, seen = new Set<string>()): Set<string> {
  for (const { from, to } of includes) {
    if (from !== path || seen.has(to)) continue;
    seen.add(to);
    reachedFrom(to, seen);
  }
  return seen;
}

test('a piece gives one function', () => {
  const defects = luaFiles.filter((file) => {
    if (isScript(file)) return false;
    const own = namesOf(file.text);
    const others = [...withoutLuaComments(file.text).matchAll(/^local function (\w+)/gm)]
      .map((match) => match[1] ?? '')
      .slice(0, -1);
    const usedOutside = others.filter((name) =>
      luaFiles.some((other) => other !== file && calls(withoutLuaComments(other.text), name)),
    );
    return own.length !== 1 || usedOutside.length > 0;
  });
  holds(
    defects.map(({ path }) => path),
    'Give each function that others call a file of its own.',
  );
});

test('keys that a script spells belong to its own room or to one below; those of the gate to politeness alone', () => {
  const known = knownKeys();
  const defects = luaFiles.flatMap((file) =>
    spelledKeys(file).flatMap(({ name, line }) => {
      const where = `${file.path}:${line} ${name}`;
      const wholes = name.startsWith('NS')
        ? [name]
        : known.map((key) => key.name).filter((key) => key.endsWith(name));
      const isFit = wholes.some((whole) => {
        const owner = ownerOf(whole);
        if (!owner) return false;
        return closed.test(whole) ? placeOf(file.path)?.room === owner : mayKnow(file.path, owner);
      });
      return isFit ? [] : [where];
    }),
  );
  holds(defects, 'Include a piece of the room that the key belongs to.');
});

test('every script says what it is given and what it answers, and takes its arguments once, by name', () => {
  holds(
    scripts
      .filter(
        ({ text }) =>
          !/^--\[\[\n(?:.*\n)*? {2}KEYS\[1\] .*\n {2}ARGV\[1\] +NS\n(?:.*\n)*? {2}Answers {2}/.test(text),
      )
      .map(({ path }) => path),
    'Begin with what it is for, then a line for each of KEYS and ARGV, then `Answers`.',
  );
  const many = scripts.flatMap(({ path, text }) => {
    const counts = Map.groupBy(withoutLuaComments(text).matchAll(/\bARGV\[\d+\]/g), ([argument]) => argument);
    return [...counts].filter(([, uses]) => uses.length > 1).map(([argument]) => `${path}: ${argument}`);
  });
  holds(many, 'Read it once, into a local with a name.');
});

test('every script is declared once, and run by Fleet.run alone', () => {
  const declared = product.flatMap(({ text }) =>
    [...text.matchAll(/\bpath: '([^']+\.lua)'/g)].map((match) => `src/${match[1]}`),
  );
  assert.deepEqual(declared.toSorted(), scripts.map(({ path }) => path).toSorted());
  const runners = product.filter(({ text }) => /\brunScript\b/.test(text)).map(({ path }) => path);
  holds(
    runners.filter((path) => !['src/scripts.ts', 'src/fleet.ts'].includes(path)),
    'Declare the script with defineScript, and run it with fleet.run.',
  );
});

test('words that are read from replies are said by the scripts', () => {
  const textOf = new Map(luaFiles.map(({ path, text }) => [path, withoutLuaComments(text)]));
  const silent = product.flatMap(({ path, text }) => {
    const files = [...text.matchAll(/\bpath: '([^']+\.lua)'/g)].map((match) => `src/${match[1]}`);
    const code = files
      .flatMap((file) => [file, ...reachedFrom(file)].map((each) => textOf.get(each)))
      .join('\n');
    const words = [...text.matchAll(/\boneOf<[^(]*>\(([^)]*)\)/g)].flatMap((match) => [
      ...(match[1] ?? '').matchAll(/'([^']+)'/g),
    ]);
    if (files.length === 0) return [];
    return words.filter(([quoted]) => !code.includes(quoted)).map(([quoted]) => `${path}: ${quoted}`);
  });
  holds(silent, 'No script answers that.');
});

test('a script is declared in a room that may know it', () => {
  const defects = product.flatMap(({ path, text }) =>
    [...text.matchAll(/\bpath: '([^']+\.lua)'/g)]
      .map((match) => `src/${match[1]}`)
      .filter((script) => !mayKnow(path, script))
      .map((script) => `${path} → ${script}`),
  );
  holds(defects, 'Declare it in the room of its file, or above.');
  assert.ok(product.some((file) => importsOf(file).some(({ to }) => to === 'src/scripts.ts')));
});
