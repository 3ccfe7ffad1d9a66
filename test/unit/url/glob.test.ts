// The syntax of globs, and that matching takes linear time whatever the glob and the text.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Glob } from '../../../src/url/glob.ts';

// biome-ignore format: one line a row
const rows: [glob: string, matching: string[], others: string[]][] = [
  ['a/*', ['a/b', 'a/.b', 'a/b/', 'a/..'], ['a/', 'a', 'a/b/c', 'a//']],
  ['a*', ['a', 'ab', 'ab/'], ['a/b', 'ba']],
  ['a/**', ['a', 'a/', 'a/b', 'a/b/c', 'a//'], ['ab', 'ba', '']],
  ['**/a', ['a', 'b/a', 'c/b/a', '/a'], ['ba', 'a/']],
  ['a/**/b', ['a/b', 'a/c/b', 'a/c/d/b', 'a//b'], ['ab', 'a/cb', 'a/b/c']],
  ['a/**/**/b', ['a/b', 'a/c/b'], ['ab']],
  ['**', ['', 'a', 'a/b'], []],
  ['a**b', ['ab', 'axb', 'a/x/b'], ['a', 'abc']],
  ['a***b', ['ab', 'a/b'], []],
  ['?', ['a', '?'], ['', '/', 'ab']],
  ['[ab]', ['a', 'b', 'a/'], ['', 'c', 'ab']],
  ['[a-c0]', ['b', '0'], ['d', '-']],
  ['[!a]', ['b', '!'], ['a', '/']],
  ['[^a-]x', ['bx'], ['ax', '-x', '/x']],
  ['[]a]x', [']x', 'ax'], ['x']],
  ['[a\\]]x', [']x', 'ax'], ['\\x']],
  ['[/]x', ['/x'], ['ax']],
  ['{a,b}c', ['ac', 'bc'], ['c', 'abc', '{a,b}c']],
  ['{a,{b,c}d,}e', ['ae', 'bde', 'cde', 'e'], ['be', 'de']],
  ['{a/**,b/*}/c', ['a/c', 'a/x/c', 'b/x/c'], ['b/c']],
  ['{a}{}', ['{a}{}'], ['a']],
  ['a}b,c', ['a}b,c'], []],
  ['\\*\\?\\[\\{a\\,b}', ['*?[{a,b}'], ['x?[{a,b}']],
  ['(a|b)+@!', ['(a|b)+@!'], ['a+@!']],
  ['', [''], ['a']],
];

for (const [glob, matching, others] of rows)
  test(`the glob ${glob} matches what its syntax says`, () => {
    const compiled = new Glob(glob);
    for (const text of [...matching, ...matching]) assert.ok(compiled.matches(text), `should match ${text}`);
    for (const text of [...others, ...others]) assert.ok(!compiled.matches(text), `should not match ${text}`);
  });

for (const [glob, says] of [
  ['a[b', /a \[ is not closed/],
  ['{a,b', /a \{ is not closed/],
  ['[b-a]', /range/],
  ['{1..3}', /\{1,2,3\}/],
  ['a'.repeat(1001), /1001 characters, the most is 1000/],
  ['{a,b}'.repeat(15), /more than 5000 characters/],
  ['{,}'.repeat(100), /more than 5000 characters/],
] as const)
  test(`the glob ${glob.slice(0, 20)} is refused`, () => {
    assert.throws(() => new Glob(glob), says);
  });

test('a glob matches as the regular expression that it stands for', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', '/', '*', '?'), { maxLength: 7 });
  const texts = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 7 }).map((list) => list.join(''));
  const glob = letters.map((list) => list.join('')).filter((text) => !/\*\*|\*$/.test(text));
  const regexOf = (text: string) =>
    new RegExp(
      `^${text
        .replace(/(?<=^|\/)\*(?=\/|$)/g, '[^/]+')
        .replace(/\*/g, '[^/]*')
        .replace(/(?<!\[\^\/\])\?/g, '[^/]')}$`,
    );
  fc.assert(
    fc.property(glob, texts, (pattern, text) => {
      assert.equal(new Glob(pattern).matches(text), regexOf(pattern).test(text));
    }),
    { numRuns: 3000 },
  );
});

/** Globs of `times` parts, each with a text that nearly matches. */
const growing: [what: string, glob: (times: number) => string, text: (times: number) => string][] = [
  ['stars', (times) => `${'*a'.repeat(times)}b`, (times) => 'a'.repeat(times)],
  ['double stars', (times) => `${'**a'.repeat(times)}b`, (times) => 'a'.repeat(times)],
  ['segments', (times) => `${'**/a/'.repeat(times)}b`, (times) => 'a/'.repeat(times)],
  ['braces', (times) => `{${'**a,'.repeat(times)}}b`, (times) => 'a'.repeat(times)],
];

for (const [what, globOf, textOf] of growing)
  test(`${what}: twice the text takes twice the steps, and no character more than the states of the glob`, () => {
    for (const times of [4, 8, 16]) {
      const glob = new Glob(globOf(times));
      const stepsFor = (text: string) => {
        const before = glob.steps;
        assert.equal(glob.matches(text), false);
        return glob.steps - before;
      };
      const text = textOf(100);
      const [once, twice] = [stepsFor(text), stepsFor(text + text)];
      assert.ok(twice <= 2.2 * once, `${once}, then ${twice}`);
      assert.ok(twice <= glob.size * 2 * text.length);
      assert.ok(new Glob(globOf(2 * times)).size <= 2.2 * glob.size, 'the states grow with the glob alone');
    }
  });
