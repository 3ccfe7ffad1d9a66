import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { temporaryDirectory } from '../../support/temporary.ts';

const root = join(import.meta.dirname, '../../..');
const begin = 'export const definitions = {\n';
const entry = `  teaBreak: setting({
    of: 'crawl',
    group: 'more',
    flags: '--tea-break <n>',
    help: 'cups of tea for each page',
    schema: (t) => t.wholeNumber(0, 9),
    default: 2,
  }),
`;

/** Sources of drover whose table of settings has one entry more. */
async function withEntry(): Promise<string> {
  const copy = await temporaryDirectory('added-setting');
  for (const name of [
    'cli',
    'consumers',
    'producers',
    'src',
    'scripts',
    'bench',
    'docs',
    'package.json',
    'tsconfig.json',
  ])
    await cp(join(root, name), join(copy, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const path = join(copy, 'src/config/table.ts');
  const table = await readFile(path, 'utf8');
  assert.ok(table.includes(begin), 'the table begins otherwise now');
  await writeFile(path, table.replace(begin, begin + entry));
  return copy;
}

const copy = await withEntry();
const load = (path: string) => import(pathToFileURL(join(copy, path)).href);

test('an added setting is read from its flag, its variable and the file', async () => {
  const { readSettings } = await load('src/config/read.ts');
  const empty = await temporaryDirectory('added-setting');
  assert.equal((await readSettings({}, empty, {})).teaBreak, 2);
  assert.equal((await readSettings({}, empty, { DROVER_TEA_BREAK: '3' })).teaBreak, 3);
  assert.equal((await readSettings({ teaBreak: '4' }, empty, {})).teaBreak, 4);
  await writeFile(join(empty, 'drover.config.json'), '{"teaBreak": 5}');
  assert.equal((await readSettings({}, empty, {})).teaBreak, 5);
});

test('an added setting of crawls is kept with them, and crawls from before have its default', async () => {
  const { crawlSettings, defaultSettings, storedSettings } = await load('src/config/settings.ts');
  assert.equal(crawlSettings({ ...defaultSettings, teaBreak: 7 }).teaBreak, 7);
  assert.equal(storedSettings('{"depth": 1}').teaBreak, 2);
});

test('an added setting of crawls is a flag of the commands that begin them or fetch as they do, and of none else', async () => {
  const { crawlCommand } = await load('cli/commands.ts');
  const takers = crawlCommand()
    .commands.filter((command: Command) => command.helpInformation().includes('--tea-break <n>'))
    .map((command: Command) => command.name());
  assert.deepEqual(takers, ['crawl', 'enqueue', 'serve', 'try', 'explain', 'compare']);
  const words = ['enqueue', '--tea-break', 'lots', 'http://a.example/'];
  await assert.rejects(crawlCommand().parseAsync(words, { from: 'user' }), /--tea-break: .*"lots"/);
});

test('an added setting of crawls is taken from programs and over the API', async () => {
  const { createProducer } = await load('src/program.ts');
  await assert.rejects(createProducer({ crawl: 'x', teaBreak: 'lots' }), /teaBreak: expected a whole number/);
  const { settingsOf } = await load('src/api/begin/crawl-input.ts');
  const { defaultSettings: settings } = await load('src/config/settings.ts');
  assert.equal(settingsOf({ settings }, { settings: { teaBreak: 8 } }).teaBreak, 8);
  assert.throws(() => settingsOf({ settings }, { settings: { teaBreak: 80 } }), /settings\.teaBreak/);
});

test('an added setting is in the generated docs', async () => {
  const { upToDate } = await load('scripts/write-docs.ts');
  assert.match(
    upToDate('docs/settings.md').wanted,
    /^\| `teaBreak` \| `--tea-break <n>` \| `DROVER_TEA_BREAK` /m,
  );
});

test('an added setting has its type', async () => {
  const use = `import type { CrawlSettings, Settings } from './src/config/settings.ts';
export const cups: CrawlSettings['teaBreak'] & Settings['teaBreak'] = 3;
// @ts-expect-error: it is a number
export const words: CrawlSettings['teaBreak'] = 'three';\n`;
  await writeFile(join(copy, 'use.ts'), use);
  await writeFile(
    join(copy, 'tsconfig.use.json'),
    '{"extends": "./tsconfig.json", "include": [], "files": ["use.ts"]}',
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const said = await new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', join(copy, 'tsconfig.use.json')], (_error, stdout) =>
      resolve(stdout),
    );
  });
  assert.equal(said, '');
});
