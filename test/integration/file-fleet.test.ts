// A fleet whose machines share one disk for the records (--store file:DIR): consumers are killed, and the
// disk is full for a while.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import test from 'node:test';
import { readCounts } from '../../src/crawl/crawl.ts';
import { machine } from '../support/fleets/machines.ts';
import { reachOf } from '../support/fleets/progress.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

/** Writes to the file until no space is left. */
function fill(path: string): void {
  const [file, piece] = [openSync(path, 'w'), Buffer.alloc(4096)];
  try {
    for (;;) writeSync(file, piece);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(file);
  }
}

test('three machines with one disk, consumers killed and the disk full for a while: results complete, each once', async (t) => {
  const PAGES = 400;
  const { runner, fleet } = await fleets.open({ DROVER_LOCK_DURATION: '3s' });
  const shared = runner.path('shared');
  mkdirSync(shared);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', shared]).status !== 0)
    return t.skip('a small file system can be mounted by root alone');
  const site = await startSite({ pages: PAGES, latencyMs: 15 });
  t.after(async () => {
    spawnSync('umount', ['-l', shared]);
    await site.stop();
  });
  const begin = ['enqueue', `${site.url}/`, '--crawl', 'c', '--store', `file:${shared}`, '--per-host', '30'];
  const begun = await runner.run([...begin, '--quiet'], machine(runner, 'first'));
  assert.equal(begun.code, 0, begun.stderr);
  const consume = (name: string) => runner.start(['consume', '-c', '10'], machine(runner, name));
  const consumers = ['one', 'two', 'three'].map(consume);
  const counts = () => readCounts(fleet, 'c');
  const reach = reachOf(fleet, 'c', 90_000);
  await reach(60);
  consumers[0]?.killGroup('SIGKILL');
  await reach(120);
  fill(`${shared}/ballast`);
  const isTold = () => consumers[2]?.stderr().includes('E_DISK_FULL') ?? false;
  await until(isTold, { what: 'the full disk is told', deadlineMs: 30_000 });
  const stuck = (await counts()).recorded;
  assert.ok(stuck < PAGES, `${stuck}`);
  consumers[1]?.killGroup('SIGKILL');
  consumers.push(consume('one'), consume('two'));
  rmSync(`${shared}/ballast`);
  await until(async () => (await counts()).state === 'finished', { what: 'the end', deadlineMs: 120_000 });
  assert.equal((await counts()).recorded, PAGES + 1);

  const read = await runner.run(['results', 'c'], machine(runner, 'elsewhere'));
  assert.equal(read.code, 0, read.stderr);
  const urls = read.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).url);
  assert.deepEqual([urls.length, new Set(urls).size], [PAGES + 1, PAGES + 1]);
  for (const name of ['one', 'two', 'three'])
    assert.equal(readdirSync(runner.path(`${name}/data`)).includes('records'), false, name);
});
