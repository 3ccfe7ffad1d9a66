// Dead letters do not grow for ever: the oldest go, by age and count, and what goes is on disk before.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { purgeOldDead } from '../../src/dead/retention.ts';
import { takeLease } from '../../src/fleet/interval.ts';
import { createLog } from '../../src/log.ts';
import type { DeadLetter } from '../../src/queue/dead-letters.ts';
import type { CommandRunner } from '../support/crawls.ts';
import { lettersOf, openDeadLetterFixture } from '../support/dead-letter-fixture.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const fleets = openFleets();
const log = await createLog({ level: 'silent' });

/** What the files of a data directory hold, by whole lines: a crash may tear the last. */
async function exportedIn(dataDir: string): Promise<string[]> {
  const dir = join(dataDir, 'purged');
  const names = await readdir(dir).catch(() => []);
  const texts = await Promise.all(names.map((name) => readFile(join(dir, name), 'utf8')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as DeadLetter).jobId),
  );
}

const dataOf = (runner: CommandRunner) => join(runner.dir, 'data');

test('consumers keep the newest, export the others first, and say where', async (t) => {
  const { runner, parts, consume } = await openDeadLetterFixture(t, fleets);
  const before = await lettersOf(parts);
  consume('--keep-dead-count', '15');
  const second = consume('--keep-dead-count', '15');
  await until(async () => (await lettersOf(parts)).length <= 15, { what: 'the purge', deadlineMs: 15_000 });
  assert.deepEqual(await lettersOf(parts), before.slice(0, 15));
  const exported = await exportedIn(dataOf(runner));
  assert.deepEqual(
    exported.sort(),
    before
      .slice(15)
      .map(({ jobId }) => jobId)
      .sort(),
    'each once',
  );
  const said = async () =>
    /"old dead letters purged"/.test(await readFile(join(dataOf(runner), 'drover.log'), 'utf8'));
  await until(said, { what: 'the line in the log' });
  const line = (await readFile(join(dataOf(runner), 'drover.log'), 'utf8'))
    .split('\n')
    .find((text) => text.includes('old dead letters purged'));
  const { purged, exportedTo, level } = JSON.parse(line ?? '{}');
  assert.deepEqual([purged, level], [25, 'info']);
  assert.match(exportedTo, /purged\/dead-.*\.ndjson$/);
  second.kill('SIGTERM');
  assert.equal((await second.exit).code, 0);
});

test('by age, with the count or alone; --purge-unexported leaves no file, and nothing set does nothing', async (t) => {
  const { parts, shards } = await openDeadLetterFixture(t, fleets);
  const [fleet, queue] = parts;
  const dataDir = await temporaryDirectory('retention');
  const round = (settings: { keepDead?: number; keepDeadCount?: number; purgeUnexported?: boolean }) =>
    purgeOldDead({
      ...{ shards, log },
      settings: { keepDead: null, keepDeadCount: null, purgeUnexported: false, dataDir, ...settings },
    });
  assert.deepEqual(await round({}), { purged: 0, exportedTo: null });
  assert.deepEqual(await round({ keepDead: 3_600_000, keepDeadCount: 40 }), { purged: 0, exportedTo: null });
  // 12 of them died two hours ago.
  const oldest = (await lettersOf(parts)).slice(-12).map(({ jobId }) => jobId);
  const then = Date.now() - 7_200_000;
  await fleet.redis.zadd(queue.toKey('failed'), ...oldest.flatMap((jobId) => [then, jobId]));
  const { purged, exportedTo } = await round({ keepDead: 3_600_000, keepDeadCount: 35 });
  assert.equal(purged, 12);
  assert.ok(exportedTo);
  assert.deepEqual((await exportedIn(dataDir)).sort(), oldest.sort());
  assert.deepEqual(await round({ keepDeadCount: 5, purgeUnexported: true }), {
    purged: 23,
    exportedTo: null,
  });
  assert.equal((await lettersOf(parts)).length, 5);
  assert.equal((await exportedIn(dataDir)).length, 12);
});

test('what cannot be exported is not purged', async (t) => {
  const { runner, parts, shards } = await openDeadLetterFixture(t, fleets);
  await mkdir(dataOf(runner), { recursive: true });
  await writeFile(join(dataOf(runner), 'purged'), 'a file where the directory should be');
  const settings = { keepDead: null, keepDeadCount: 0, purgeUnexported: false, dataDir: dataOf(runner) };
  await assert.rejects(purgeOldDead({ shards, log, settings }), { code: 'E_FILE' });
  const { code, stderr } = await runner.run(['dead', 'purge', '--all']);
  assert.notEqual(code, 0);
  assert.match(stderr, /E_FILE/);
  assert.equal((await lettersOf(parts)).length, 40);
});

test('kill -9 between export and purge: every letter is in the file, in the queue, or in both', async (t) => {
  const { runner, parts } = await openDeadLetterFixture(t, fleets);
  const all = (await lettersOf(parts)).map(({ jobId }) => jobId);
  const purging = runner.start(['dead', 'purge', '--all']);
  await until(async () => (await exportedIn(dataOf(runner))).length > 0, { what: 'the file', everyMs: 1 });
  purging.killGroup('SIGKILL');
  await purging.exit;
  const left = (await lettersOf(parts)).map(({ jobId }) => jobId);
  t.diagnostic(`${left.length} letters were still in the queue`);
  const held = new Set([...left, ...(await exportedIn(dataOf(runner)))]);
  assert.deepEqual([...held].sort(), all.sort());
  assert.equal((await runner.run(['dead', 'purge', '--all'])).code, 0);
  assert.deepEqual([...new Set(await exportedIn(dataOf(runner)))].sort(), all);
  assert.deepEqual(await lettersOf(parts), []);
});

test('what needs a lease is done by one process at a time', async () => {
  const { fleet } = await fleets.open();
  const taken = await Promise.all(Array.from({ length: 5 }, () => takeLease(fleet, 'x', 60_000)));
  assert.equal(taken.filter(Boolean).length, 1);
});
