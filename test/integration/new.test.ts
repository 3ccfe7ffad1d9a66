// drover new: what it writes, and what it refuses. test/integration/package.test.ts installs and runs it.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { openCommandRunner } from '../support/crawls.ts';
import { spawnProgram } from '../support/signals.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readJson = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

test('the tests of the project that is written pass with this drover', async () => {
  const file = 'cli/new/project/handlers.test.ts';
  const program = spawnProgram(['--conditions=drover-source', '--test', file], {
    cwd: root,
    env: { NODE_TEST_CONTEXT: undefined },
  });
  assert.equal((await program.exit).code, 0, program.stdout());
  assert.match(program.stdout(), /^. pass 3$/m);
});

test('a project is written into a new or an empty folder, and what it depends on is this drover', async () => {
  const runner = await openCommandRunner();
  await mkdir(runner.path('empty-one'));
  for (const name of ['shop', './empty-one/', 'sites/next.one']) {
    const { code, stdout, stderr } = await runner.run(['new', name], { cwd: runner.dir });
    assert.equal(code, 0, stderr);
    const folder = join(runner.dir, name);
    const files = (await readdir(folder, { recursive: true })).sort();
    const [first, ...rest] = stdout.split('\n');
    assert.equal(first, `${name.replace(/^\.\/|\/$/g, '')} has a new project:`);
    const shown = rest.filter((line) => files.includes(line.trim()));
    assert.deepEqual(
      shown.map((line) => line.trim()).sort(),
      files.filter((file) => file !== 'saved'),
    );
    for (const file of ['.gitignore', 'README.md', 'handlers.ts', 'saved/object.html'])
      assert.ok(files.includes(file), file);
    const written = await readJson(join(folder, 'package.json'));
    const own = await readJson(join(root, 'package.json'));
    assert.equal(written.name, name.split('/').filter(Boolean).at(-1));
    assert.deepEqual(written.dependencies, {
      drover: `file:${root.replace(/\/$/, '')}`,
      zod: own.dependencies.zod,
    });
    assert.ok(Object.values(written.devDependencies).every((version) => typeof version === 'string'));
    assert.match(await readFile(join(folder, 'README.md'), 'utf8'), new RegExp(`^# ${written.name}\n`));
  }
});

test('a bad name, a folder with something in it and a file are refused, and nothing is changed', async () => {
  const runner = await openCommandRunner();
  await mkdir(runner.path('full'));
  await writeFile(runner.path('full/own.txt'), 'mine');
  await writeFile(runner.path('file'), 'mine');
  const before = (await readdir(runner.dir, { recursive: true })).sort();
  const rows = [
    ['', 'E_USAGE', /give the name of a new folder/],
    ['.', 'E_USAGE', /give the name of a new folder/],
    ['../', 'E_USAGE', /give the name of a new folder/],
    ['My Shop', 'E_USAGE', /lower-case letters.*: my-shop\./],
    ['_x', 'E_USAGE', /: x\./],
    ['drover', 'E_USAGE', /the name of a package that it needs: my-drover\./],
    ['s'.repeat(215), 'E_USAGE', /215 characters, and npm takes 214/],
    ['full', 'E_FILE_EXISTS', /full is not empty: it holds own\.txt/],
    ['file', 'E_FILE_EXISTS', /file is no folder/],
    ['file/shop', 'E_FILE', /ENOTDIR/],
  ] as const;
  for (const [name, wanted, words] of rows) {
    const { code, stderr } = await runner.run(['new', name], { cwd: runner.dir });
    assert.deepEqual([code, stderr.includes(`(${wanted})`)], [2, true], `${name}: ${stderr}`);
    assert.match(stderr, words);
  }
  assert.deepEqual((await readdir(runner.dir, { recursive: true })).sort(), before);
});
