// The bundle that npm runs in a checkout, made of the present sources.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { bundle, bundledDrover } from '../support/project/bundle.ts';
import { spawnProgram } from '../support/signals.ts';
import { temporaryDirectory } from '../support/temporary.ts';

test('a defect is told with the files and lines of the sources, whether it is caught or not', async () => {
  const directory = await temporaryDirectory('bundle');
  const preload = join(directory, 'preload.mjs');
  const run = async (code: string) => {
    await writeFile(preload, code);
    const failing = spawnProgram(['--import', preload, bundledDrover, 'status', '--data-dir', directory]);
    await failing.exit;
    return failing.stderr();
  };
  const broken = (how: string) => `process.stdout.write = () => ${how};`;
  const caught = await run(broken("{ throw new Error('broken') }"));
  assert.match(caught, /this is a defect of drover/);
  assert.match(caught, /^ +at .*\/cli\/status\.ts:\d+:\d+\)?$/m);
  const uncaught = await run(
    broken("{ const e = new Error('broken'); setImmediate(() => { throw e; }); return true; }"),
  );
  assert.doesNotMatch(uncaught, /this is a defect of drover/);
  assert.match(uncaught, /^ +at .*\/cli\/status\.ts:\d+:\d+\)?$/m);
  const line = Number(/status\.ts:(\d+)/.exec(uncaught)?.[1]);
  const source = await readFile(new URL('../../cli/status.ts', import.meta.url), 'utf8');
  assert.match(source.split('\n')[line - 1] ?? '', /stdout\.write/);
});

test('the packages in it come with their licences', async () => {
  const text = await readFile(join(bundle, 'LICENSES.txt'), 'utf8');
  for (const name of ['bullmq', 'ioredis', 'zod', 'got', 'commander', 'tldts']) {
    const folder = new URL(`../../node_modules/${name}/`, import.meta.url);
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each)) ?? '';
    assert.ok(text.includes((await readFile(new URL(file, folder), 'utf8')).trim()), name);
  }
});
