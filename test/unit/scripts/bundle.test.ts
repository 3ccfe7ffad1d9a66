// When the set-up bundles a checkout's sources anew, with a stand-in for the bundler.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Clone, freshClone } from '../../support/project/fresh-clone.ts';

function change(clone: Clone, text: string): void {
  writeFileSync(join(clone.dir, 'src/index.ts'), `${text}\n`);
}

function bundlesOf(clone: Clone): string[] {
  return readdirSync(join(clone.dir, '.bundle')).filter((name) => name !== 'current');
}

test('sources are bundled once, and anew whenever one of them or a package has changed', async (t) => {
  const clone = freshClone(t);
  await clone.setup();
  await clone.setup();
  assert.equal(clone.bundled(), 1);
  assert.match(clone.drover(), /export const folder = 'src'/);
  change(clone, "export const folder = 'anew';");
  await clone.setup();
  assert.match(clone.drover(), /export const folder = 'anew'/);
  writeFileSync(join(clone.dir, 'cli/more.ts'), '');
  await clone.setup();
  writeFileSync(join(clone.dir, 'node_modules/.package-lock.json'), '{"another": "version"}');
  await clone.setup();
  assert.equal(clone.bundled(), 4);
});

test('contents decide and no times: a checkout of what was bundled before finds its bundle, a change within the same second is seen', async (t) => {
  const clone = freshClone(t);
  const time = new Date(1_700_000_000_000);
  const write = async (text: string) => {
    change(clone, text);
    utimesSync(join(clone.dir, 'src/index.ts'), time, time);
    await clone.setup();
    return clone.drover().trim();
  };
  assert.equal(await write('one'), 'one');
  assert.equal(await write('two'), 'two');
  utimesSync(join(clone.dir, 'cli/index.ts'), time, time);
  assert.equal(await write('one'), 'one');
  assert.equal(clone.bundled(), 2);
});

test('several set-ups at the same time make one bundle, and nothing half made is left', async (t) => {
  const clone = freshClone(t);
  await clone.setup();
  change(clone, 'at once');
  const runs = await Promise.all([clone.setup(), clone.setup(), clone.setup()]);
  assert.deepEqual(runs, Array(3).fill({ code: 0, stdout: '', stderr: '' }));
  assert.equal(clone.bundled(), 2);
  assert.equal(clone.drover().trim(), 'at once');
  assert.equal(bundlesOf(clone).length, 2);
});

test('a bundle stays for a day after another took its place, since a running drover may load parts of it', async (t) => {
  const clone = freshClone(t);
  const longAgo = new Date(Date.now() - 30 * 24 * 3_600_000);
  const nextBundle = async (text: string) => {
    change(clone, text);
    await clone.setup();
  };
  await nextBundle('running');
  const [running = ''] = bundlesOf(clone);
  utimesSync(join(clone.dir, '.bundle', running), longAgo, longAgo);
  await nextBundle('first change');
  await nextBundle('second change');
  assert.ok(bundlesOf(clone).includes(running), 'it was the newest until now');
  utimesSync(join(clone.dir, '.bundle', running), longAgo, longAgo);
  await nextBundle('third change');
  assert.ok(!bundlesOf(clone).includes(running));
  assert.equal(bundlesOf(clone).length, 3);
});

test('where no bundle can be made, the reason is said and drover runs from its sources; a later set-up tries again', async (t) => {
  const clone = freshClone(t);
  writeFileSync(join(clone.dir, 'cli/drover.ts'), "console.log('from the sources');\n");
  change(clone, 'syntax error');
  const { code, stderr } = await clone.setup();
  assert.equal(code, 0);
  assert.match(
    stderr,
    /^drover: drover could not be bundled: .*src\/index.ts:1: that is no TypeScript; it starts from its sources, which takes longer$/m,
  );
  assert.equal(clone.drover().trim(), 'from the sources');
  change(clone, 'right');
  assert.equal((await clone.setup()).stderr, '');
  assert.equal(clone.drover().trim(), 'right');
});

test('check, build and the set-up of Redis alone make no bundle', async (t) => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  for (const name of ['precheck', 'prebuild']) assert.match(scripts[name], /--no-bundle/);
  const clone = freshClone(t);
  await clone.setup(['--no-bundle']);
  await clone.setup(['--redis-only']);
  assert.ok(!existsSync(join(clone.dir, '.bundle')));
});
