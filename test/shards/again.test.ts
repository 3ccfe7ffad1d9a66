// Runs that follow one another in a fleet with several shards: seeds that are kept, schedules, and what is
// read of a run and of two.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { listCrawls } from '../../src/crawl/crawl.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const fleets = openFleets();
const allowed = ['--allow-private', '127.0.0.0/8', '--ignore-robots'];
const flags = [...allowed, '--quiet'];

test('--again has the seeds of all shards; results, report, items and changes are those of the whole crawl', async (t) => {
  const site = await startCrossingSite(16, 4);
  t.after(() => site.close());
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '4' });
  await writeFile(runner.path('list.txt'), site.urls.join('\n'));
  const handler = '({ emit, page }) { emit({ at: page.url }); }';
  await writeFile(
    runner.path('own.mjs'),
    `export default [{ name: 'own', match: { url: '**/p/1' }, run${handler} }];`,
  );
  const handled = ['--handler', runner.path('own.mjs')];
  const first = await runner.run(['crawl', runner.path('list.txt'), '--crawl', 'c', ...flags, ...handled]);
  assert.equal(first.code, 0, first.stderr);
  const kept = await Promise.all(fleet.shards.map(({ redis, keys }) => redis.exists(keys.seeds('c'))));
  assert.deepEqual(kept, [1, 1, 1, 1], 'each shard keeps its own');
  site.text = 'changed since';
  site.asked.length = 0;
  const second = await runner.run(['crawl', '--again', 'c', '--quiet', ...handled]);
  assert.equal(second.code, 0, second.stderr);
  const asked = new Set(site.asked.filter((each) => each.includes('/p/')));
  assert.equal(asked.size, site.urls.length, 'each seed is asked for again');
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.crawl, counts.recorded, counts.accepted], ['c.2', 64, 64]);
  assert.equal((await runner.results('c.2')).length, 64);
  assert.deepEqual(counts.items, { own: 16 });
  const items = await runner.json<{ item: { at: string } }>(['items', 'c']);
  assert.deepEqual(
    items.map(({ item }) => item.at).sort(),
    site.urls.filter((url) => url.endsWith('/p/1')).sort(),
  );
  const report = await runner.run(['report', 'c', '--json']);
  assert.equal(report.code, 0, report.stderr); // it fails when records are missing
  assert.equal(JSON.parse(report.stdout).crawl, 'c.2');
  const { code, stdout, stderr } = await runner.run(['changes', 'c', '--json']);
  assert.equal(code, 0, stderr);
  const { counts: differ, from, to } = JSON.parse(stdout);
  assert.deepEqual([differ.changed, differ.new, differ.gone], [64, 0, 0]);
  assert.deepEqual([from.crawl, from.records, to.records], ['c', 64, 64]);
});

test('a schedule starts runs whose seeds are on all shards, and each ends', async (t) => {
  const site = await startCrossingSite(12, 1);
  t.after(() => site.close());
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '4' });
  await writeFile(runner.path('list.txt'), site.urls.join('\n'));
  const added = await runner.run([
    'schedule',
    'add',
    '* * * * * *',
    's',
    runner.path('list.txt'),
    ...allowed,
  ]);
  assert.equal(added.code, 0, added.stderr);
  const consumer = runner.start(['consume', '--quiet']);
  t.after(() => consumer.kill());
  await until(async () => (await listCrawls(fleet)).includes('s.2'), {
    what: 'a second run',
    deadlineMs: 30_000,
  });
  assert.equal((await runner.run(['schedule', 'remove', 's'])).code, 0);
  const counts = await runner.status('s.1');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded], ['finished', 12]);
  const refused = await runner.run(['schedule', 'add', '@daily', 'p', site.url, '--per-server', '2']);
  assert.match(refused.stderr, /--per-server: a fleet with more than one shard/);
});
