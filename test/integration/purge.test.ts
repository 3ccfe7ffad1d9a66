// drover purge: what it shows, asks and leaves; ages and counts; bodies alone; kills; both stores.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listCrawls } from '../../src/crawl/crawl.ts';
import { beginForgetting, listForgetting } from '../../src/crawl/forget.ts';
import type { CommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site/site.ts';
import { needsPostgres, PASSWORD, startTestPostgres } from '../support/stores/postgres.ts';

const fleets = openFleets();
const site: { now: Site | null } = { now: null };
test.before(async () => {
  site.now = await startSite({ pages: 8, linksPerPage: 8, behaviours: { '/p/7': { status: 500 } } });
});
test.after(() => site.now?.stop());
const quick = ['--attempts', '1', '--quiet', '--per-host', '20'];
const crawl = (runner: CommandRunner, name: string, ...more: string[]) =>
  runner.run(['crawl', `${site.now?.url}/`, '--crawl', name, ...quick, ...more]);
const recordsIn = (runner: CommandRunner) => join(runner.dir, 'data', 'records');

test('it shows what would go and needs --yes without a terminal; the newest of each name stay with --keep', async () => {
  const { runner, fleet } = await fleets.open();
  for (const name of ['shop', 'shop', 'shop', 'blog']) assert.equal((await crawl(runner, name)).code, 1);
  const nothing = await runner.run(['purge']);
  assert.deepEqual([nothing.code, /Say what is to go/.test(nothing.stderr)], [2, true], nothing.stderr);
  const args = ['purge', '--keep', '1'];
  const dry = await runner.run([...args, '--dry-run']);
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(
    dry.stderr,
    /^crawl +what goes[\s\S]*shop\.2 +all of it +finished[\s\S]*\n2 crawls, 18 records, \d+/,
  );
  const asked = await runner.run(args);
  assert.deepEqual([asked.code, /needs --yes/.test(asked.stderr)], [2, true], asked.stderr);
  assert.equal((await listCrawls(fleet)).length, 4);
  const done = await runner.run([...args, '--yes']);
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /crawl shop purged; its dead letters are in .*purged\/dead-/);
  assert.deepEqual((await listCrawls(fleet)).sort(), ['blog', 'shop.3']);
  assert.equal(readdirSync(recordsIn(runner)).length, 2);
  const young = await runner.run(['purge', '--older-than', '1h', '--yes']);
  assert.match(young.stderr, /^nothing to purge/);
  const [gone] = await runner.json<{ crawl: string; purged: boolean }>([
    'purge',
    '--crawl',
    'blog',
    '--older-than',
    '0s',
    '--yes',
    '--json',
  ]);
  assert.deepEqual([gone?.crawl, gone?.purged], ['blog', true]);
  const unknown = await runner.run(['purge', '--crawl', 'blog', '--yes']);
  assert.deepEqual([unknown.code, /E_CRAWL_UNKNOWN/.test(unknown.stderr)], [2, true]);
});

test('a crawl that has not ended stays without --unfinished', async () => {
  const { runner, fleet } = await fleets.open();
  assert.equal((await runner.run(['enqueue', `${site.now?.url}/`, '--crawl', 'open'])).code, 0);
  const stays = await runner.run(['purge', '--all', '--yes']);
  assert.match(stays.stderr, /nothing to purge\nnot ended, so they stay \(--unfinished\): open/);
  assert.deepEqual(await listCrawls(fleet), ['open']);
  const young = await runner.run(['purge', '--older-than', '1h', '--unfinished', '--yes']);
  assert.match(young.stderr, /^nothing to purge/);
  const goes = await runner.run(['purge', '--older-than', '0s', '--unfinished', '--yes']);
  assert.equal(goes.code, 0, goes.stderr);
  assert.deepEqual(await listCrawls(fleet), []);
});

test('a purge that is killed at any point goes on when it is given again', async () => {
  const { runner, fleet } = await fleets.open();
  for (let delay = 150; delay < 900; delay += 150) {
    const name = `k${delay}`;
    await crawl(runner, name);
    const purging = runner.start(['purge', '--crawl', name, '--yes']);
    await sleep(delay);
    purging.kill('SIGKILL');
    await purging.exit;
    const again = await runner.run(['purge', '--all', '--yes']);
    assert.equal(again.code, 0, again.stderr);
  }
  assert.deepEqual([await listCrawls(fleet), await listForgetting(fleet)], [[], []]);
  assert.deepEqual(readdirSync(recordsIn(runner)), []);
});

test('a consumer finishes what was forgotten, but leaves a crawl whose records go too to the next purge', async (t) => {
  const { runner, fleet } = await fleets.open();
  for (const name of ['marked', 'plain']) await crawl(runner, name);
  await beginForgetting(fleet, 'marked', true);
  await beginForgetting(fleet, 'plain');
  const consumer = runner.start(['consume', '--quiet']);
  t.after(() => consumer.kill('SIGKILL'));
  const isAlone = async () => (await listForgetting(fleet)).join() === 'marked';
  await until(isAlone, { what: 'the end of plain', deadlineMs: 20_000 });
  assert.equal(readdirSync(recordsIn(runner)).length, 2);
  assert.equal((await runner.run(['purge', '--crawl', 'marked', '--yes'])).code, 0);
  assert.deepEqual(await listForgetting(fleet), []);
  assert.deepEqual(readdirSync(recordsIn(runner)).length, 1, 'records of a forgotten crawl stay');
});

test('bodies go and records stay, with a reader beside it, after a kill, and a replay later is kept', async () => {
  const { runner, fleet } = await fleets.open();
  await crawl(runner, 'c');
  const folder = join(recordsIn(runner), readdirSync(recordsIn(runner))[0] ?? '');
  const [segment = ''] = readdirSync(folder);
  const line = readFileSync(join(folder, segment), 'utf8').split('\n')[1] ?? '';
  const many = Array.from({ length: 20_000 }, (_, at) =>
    line
      .replace(/^\S+/, at.toString(16).padStart(16, '0'))
      .replace(/"id":"[^"]+"/, `"id":"${at.toString(16).padStart(16, '0')}"`),
  );
  await writeFile(join(folder, `20200101T000000000Z-other-1-0123456789ab.jsonl`), `${many.join('\n')}\n`);
  await utimes(join(folder, '20200101T000000000Z-other-1-0123456789ab.jsonl'), 1, 1);
  const before = await runner.results('c');
  assert.ok(before.length > 20_000 && before.every(({ body }) => body !== null));
  const args = ['purge', '--crawl', 'c', '--bodies-older-than', '0s', '--yes'];
  const killed = runner.start(args);
  await until(() => readdirSync(folder).some((name) => name.includes('.without-bodies')), {
    what: 'a file beside',
  });
  killed.kill('SIGKILL');
  await killed.exit;
  assert.equal((await runner.results('c')).length, before.length);
  const [purged, ...reads] = await Promise.all([
    runner.run(args),
    ...Array.from({ length: 2 }, () => runner.results('c')),
  ]);
  assert.equal(purged.code, 0, purged.stderr);
  for (const read of reads) assert.equal(read.length, before.length);
  const after = await runner.results('c');
  assert.deepEqual(
    after,
    before.map((record) => ({ ...record, body: null })),
  );
  assert.match((await runner.run(args)).stderr, /^nothing to purge/);
  await site.now?.behave('/p/7', { status: 200 });
  assert.equal((await runner.run(['dead', 'replay', 'c'])).code, 0);
  await crawl(runner, 'c');
  const replayed = (await runner.results('c')).find(({ url }) => url.endsWith('/p/7'));
  assert.deepEqual([replayed?.status, (await listCrawls(fleet)).length > 0], [200, true]);
});

test('in PostgreSQL too: bodies first, odd records among them, then all of it', needsPostgres, async (t) => {
  const postgres = await startTestPostgres();
  t.after(() => postgres.stop());
  const { runner } = await fleets.open({ PGPASSWORD: PASSWORD });
  await site.now?.behave('/odd', { headers: { 'content-type': 'text/html' }, body: '<title>a\0b</title>' });
  const seeds = [`${site.now?.url}/`, `${site.now?.url}/odd`];
  await runner.run(['crawl', ...seeds, '--crawl', 'c', ...quick, '--store', postgres.url]);
  const before = await runner.results('c');
  assert.ok(before.length >= 9 && before.some(({ body }) => body?.includes('\0')));
  const bodies = await runner.run(['purge', '--all', '--bodies-older-than', '0s', '--yes']);
  assert.equal(bodies.code, 0, bodies.stderr);
  assert.deepEqual(
    await runner.results('c'),
    before.map((record) => ({ ...record, body: null })),
  );
  const [gone] = await runner.json<{ bytes: number }>(['purge', '--all', '--yes', '--json']);
  assert.ok((gone?.bytes ?? 0) > 1000);
  assert.equal((await postgres.sql('select count(*) from drover.records', 'drover')).trim(), '0');
});
