import assert from 'node:assert/strict';
import test from 'node:test';
import { findCycle, importsOf, linesWith, sourcesIn, withoutComments } from './sources.ts';

const targetsIn = (text: string, path = 'src/room/file.ts') => importsOf({ path, text }).map(({ to }) => to);

test('every form of import is found', () => {
  const text = `
import one from './one.ts';
import * as two from '../two.ts';
import {
  three,
  type Four,
} from './sub/three.ts';
import type { Five } from './five.ts';
import './six.ts';
export { seven } from './seven.ts';
export * from './eight.ts';
const nine = await import('./nine.ts');
type Ten = import('./ten.ts').Ten;
new Worker(new URL('./eleven.ts', import.meta.url));`;
  const room = ['one', '2', 'sub/three', 'five', 'seven', 'eight', 'six', 'nine', 'ten', 'eleven'];
  assert.deepEqual(
    targetsIn(text),
    room.map((name) => (name === '2' ? 'src/two.ts' : `src/room/${name}.ts`)),
  );
});

test('packages are named without the path into them, parts of Node are told apart', () => {
  const text = `import a from 'got/dist/x.js';\nimport b from '@scope/name/sub';\nimport { c } from 'node:fs';\nimport d from 'fs';`;
  assert.deepEqual(targetsIn(text), ['got', '@scope/name', 'node:fs', 'fs']);
});

test('what a comment or a string says is no import', () => {
  const text = `
// import x from './x.ts';
/**
 * import y from './y.ts'
 */
const text = "import z from './z.ts'";
export const from = 'here'; // import('./w.ts')`;
  assert.deepEqual(targetsIn(text), []);
});

test('taking comments out keeps the code and the line numbers', () => {
  const text = `const url = 'http://x'; // the end\n/* a\n b */\nreturn url;`;
  assert.equal(withoutComments(text), `const url = 'http://x'; \n\n\nreturn url;`);
  assert.deepEqual(linesWith(withoutComments(text), /return/), [4]);
});

test('a ring of imports is found with all its files, and where there is none, none', () => {
  const edge = (from: string, to: string) => ({ from, to });
  const line = [edge('a', 'b'), edge('b', 'c'), edge('a', 'c'), edge('c', 'd')];
  assert.equal(findCycle(line), null);
  assert.deepEqual(findCycle([...line, edge('d', 'b')]), ['b', 'c', 'd', 'b']);
  assert.deepEqual(findCycle([edge('a', 'a')]), ['a', 'a']);
});

test('files of the project are found by folder and ending', () => {
  const paths = sourcesIn(['src'], 'ts').map(({ path }) => path);
  assert.ok(paths.includes('src/errors.ts') && paths.every((path) => path.endsWith('.ts')));
});
