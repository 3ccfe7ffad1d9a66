import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { before } from 'node:test';
import { DroverError } from '../../../src/errors.ts';
import { loadHandlers } from '../../../src/handlers/load.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

let dir: string;
before(async () => {
  dir = await temporaryDirectory('handlers');
  await write('typed.ts', 'export interface A { x: number }\nexport const v = 1;\n');
  await write('node_modules/typed/package.json', '{"name":"typed","type":"module","exports":"./index.ts"}');
  await write('node_modules/typed/index.ts', 'export const x: number = 1;\n');
});

async function write(name: string, text: string): Promise<string> {
  const path = join(dir, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** The message with which a file is refused. */
async function refusalOf(name: string, text: string): Promise<string> {
  const path = await write(name, text);
  const error = await loadHandlers([path]).then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DroverError, `${name}: ${String(error)}`);
  assert.equal(error.code, 'E_HANDLER_FILE');
  return error.detail.replaceAll(`${dir}/`, '');
}

test('a file with one handler, several, or a plain object is loaded, and its drover is this drover', async () => {
  const one = await write(
    'one.ts',
    `import { defineHandler, type Handler } from 'drover';\nconst h: Handler = defineHandler({ name: 'one', run() {} });\nexport default h;\n`,
  );
  await write('two.mjs', `export default [{ name: 'two', run() {} }, { name: 'three', run() {} }];\n`);
  const handlers = await loadHandlers([one, 'two.mjs', { name: 'four', run() {} }], { directory: dir });
  assert.deepEqual(
    handlers.map(({ name }) => name),
    ['one', 'two', 'three', 'four'],
  );
});

/** Each trap of Node's type stripping and of its resolution, with what drover says about it. */
const traps: [name: string, text: string, says: RegExp][] = [
  [
    'enum.ts',
    'const a = 1;\n\nenum Colour { Red }\nexport default a;\n',
    /^enum\.ts:3: .*enum.* write an object instead/,
  ],
  [
    'parameter.ts',
    'class A { constructor(private x: number) {} }\nexport default A;\n',
    /^parameter\.ts:1: .*parameter property.* only removes types/,
  ],
  [
    'namespace.ts',
    '\nnamespace A { export const x = 1; }\nexport default A;\n',
    /^namespace\.ts:2: .*namespace/,
  ],
  [
    'decorator.ts',
    'const d = (x: unknown) => x;\nclass A {\n  @d method() {}\n}\nexport default A;\n',
    /^decorator\.ts:3: decorators are not supported/,
  ],
  [
    'decorated.ts',
    '\tclass A { @d method() {} }\nexport default A;\n',
    /^decorated\.ts:1: decorators are not supported/,
  ],
  [
    'braces.ts',
    `import v from './typed.ts';\nexport default v;\n`,
    /^braces\.ts:1: .* 'default'\. Write its names in braces/,
  ],
  [
    'defined.ts',
    `import { defineHandler } from 'drover';\nexport default defineHandler({ name: 'a b', run() {} });\n`,
    /^defined\.ts:2:16: defineHandler: name: expected letters/,
  ],
  ['data.json', '{"name":"x"}', /^data\.json: only \.ts, \.mts/],
  [
    'attribute.ts',
    `import data from './data.json';\nexport default data;\n`,
    /^attribute\.ts: .* write with \{ type: 'json' \}/,
  ],
  ['nothing.ts', '\n', /^nothing\.ts: it has no default export/],
  [
    'untyped.ts',
    `const q = 1;\nimport { A, v } from './typed.ts';\nexport default { v, q } as unknown as A;\n`,
    /^untyped\.ts:2: .* write import type \{ A \}/,
  ],
  [
    'alias.ts',
    `// an alias\nimport { v } from '@/typed';\nexport default v;\n`,
    /^alias\.ts:2: '@\/typed' leads nowhere\. The paths of tsconfig\.json are not read/,
  ],
  [
    'ending.ts',
    `\n\nimport { v } from './typed';\nexport default v;\n`,
    /^ending\.ts:3: '\.\/typed' has no ending: write '\.\/typed\.ts'/,
  ],
  [
    'compiled.ts',
    `import { v } from './typed.js';\nexport default v;\n`,
    /^compiled\.ts:1: '\.\/typed\.js' is not there, but its source is: write '\.\/typed\.ts'/,
  ],
  [
    'nowhere.ts',
    `import { v } from './other.ts';\nexport default v;\n`,
    /^nowhere\.ts:1: '\.\/other\.ts' leads to no file/,
  ],
  [
    'package.ts',
    `\nimport z from 'zodx';\nexport default z;\n`,
    /^package\.ts:2: there is no package 'zodx'. Install it .*npm install zodx/,
  ],
  [
    'page.tsx',
    'export default {};\n',
    /^page\.tsx: only \.ts, \.mts, \.js and \.mjs files are loaded\. Compile it/,
  ],
  [
    'modules.ts',
    `import { x } from 'typed';\nexport default x;\n`,
    /^modules\.ts: .*node_modules: the package must ship \.js/,
  ],
  ['syntax.ts', 'export default {\n  a: 1,,\n};\n', /^syntax\.ts:2: /],
  [
    'throws.ts',
    '\nconst x = (undefined as unknown as { y: { z: 1 } }).y.z;\nexport default x;\n',
    /^throws\.ts:2:\d+: TypeError: /,
  ],
  ['sub/inner.ts', `import '../enum.ts';\nexport default 1;\n`, /^enum\.ts:3: /],
  ['none.ts', 'export const a = 1;\n', /^none\.ts: it has no default export/],
  ['empty.ts', 'export default [];\n', /^empty\.ts: it exports no handlers/],
  [
    'field.ts',
    `export default { name: 'a', run() {}, threads: true };\n`,
    /^field\.ts: a handler has no field threads; it has name, match,/,
  ],
  ['name.ts', `export default { name: 'a b', run() {} };\n`, /^name\.ts: name: expected letters/],
  [
    'schema.ts',
    `export default { name: 'a', run() {}, schema: { type: 'object' } };\n`,
    /^schema\.ts: schema: expected a Standard Schema/,
  ],
  [
    'match.ts',
    `export default { name: 'a', run() {}, match: { path: '/x' } };\n`,
    /^match\.ts: match has no field path/,
  ],
];

for (const [name, text, says] of traps) {
  test(`${name} is refused in drover's own words, with file and line`, async () => {
    assert.match(await refusalOf(name, text), says);
  });
}

test('a file that is missing, a folder, and a name that two handlers have, are errors', async () => {
  await assert.rejects(
    loadHandlers(['missing.ts'], { directory: dir }),
    /missing\.ts: there is no such file/,
  );
  await assert.rejects(loadHandlers([dir]), /: it is a folder; name a file in it/);
  const twin = { name: 'twin', run() {} };
  await assert.rejects(loadHandlers([twin, { ...twin }]), /Two handlers are called twin/);
});

test('a file that awaits for ever is given up after its limit, and the process does not end before', async () => {
  const path = join(dir, 'waits.ts');
  await writeFile(path, 'await new Promise(() => {});\nexport default {};\n');
  await assert.rejects(
    loadHandlers([path], { limitMs: 50 }),
    /waits\.ts: after 0\.05 s, it has not been loaded/,
  );
});
