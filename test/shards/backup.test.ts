// Backup of a namespace with several shards, while it is crawled.
import assert from 'node:assert/strict';
import test from 'node:test';
import { restoreBackup } from '../../src/backup/restore.ts';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const fleets = openFleets();
const [HOSTS, PAGES] = [24, 25];
const flags = ['--scope', 'any', '--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];

test('a crawl over 4 shards goes on in another Redis and namespace from a backup, and loses no page', async (t) => {
  const site = await startCrossingSite(HOSTS, PAGES, 8);
  const first = await startTestRedis();
  t.after(async () => {
    site.close();
    await first.stop();
  });
  const runner = await openCommandRunner({
    ...{ REDIS_URL: first.url, DROVER_NAMESPACE: 'one', DROVER_SHARDS: '4' },
  });
  const file = runner.path('four.backup');
  const crawl = runner.start(['crawl', site.url, '--crawl', 'c', '--processes', '1', ...flags]);
  await until(async () => site.asked.length > 120, { what: 'some pages', deadlineMs: 30_000 });
  const [told] = await runner.json<{ heldMs: number }>(['backup', file, '--json']);
  assert.ok((told?.heldMs ?? 1e9) < 2000, JSON.stringify(told));
  const then = site.asked.length;
  assert.ok(then < HOSTS * PAGES, `${then} at the backup`);
  crawl.kill('SIGKILL');
  await crawl.exit;

  const env = { REDIS_URL: fleets.url, DROVER_NAMESPACE: 'two', DROVER_SHARDS: '' };
  const other = (args: string[]) => runner.run(args, { env });
  const wrong = await runner.run(['restore', file], { env: { ...env, DROVER_SHARDS: '8' } });
  assert.deepEqual([wrong.code, /E_SHARDS/.test(wrong.stderr)], [2, true], wrong.stderr);
  const restored = await other(['restore', file]);
  assert.equal(restored.code, 0, restored.stderr);
  assert.match(restored.stderr, /keys of \{one:0\} \(4 shards\) as of .* are in \{two:0\}/);
  assert.equal(await fleets.redis.get('{two:0}:shards'), '4');
  const counts = JSON.parse((await other(['status', 'c', '--json'])).stdout);
  assertAddsUp(counts);
  assert.ok(counts.waiting > 0, JSON.stringify(counts));
  const end = await other(['crawl', site.url, '--crawl', 'c', ...flags]);
  assert.equal(end.code, 0, end.stderr);
  const after = JSON.parse((await other(['status', 'c', '--json'])).stdout);
  assertAddsUp(after);
  assert.deepEqual([after.state, after.recorded, after.accepted], ['finished', HOSTS * PAGES, HOSTS * PAGES]);
  const urls = (await other(['results', 'c'])).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).url as string);
  assert.deepEqual(urls.sort(), site.urls.toSorted());

  // With --force, what more shards have left is gone, and a backup of four is four again.
  await fleets.redis.set('{two:0}:shards', '8');
  await fleets.redis.set('{two:7}:limited', 'x');
  const used = await other(['restore', file]);
  assert.deepEqual([used.code, /E_NAMESPACE_USED/.test(used.stderr)], [2, true], used.stderr);
  assert.equal((await other(['restore', file, '--force'])).code, 0);
  assert.equal(await fleets.redis.exists('{two:7}:limited'), 0);
  assert.equal(await fleets.redis.get('{two:0}:shards'), '4');
});

test('a restore of several shards that is cut off keeps others out, and can be given again', async (t) => {
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '2' });
  const site = await startCrossingSite(4, 3);
  t.after(() => site.close());
  assert.equal((await runner.run(['crawl', site.url, '--crawl', 'c', ...flags])).code, 0);
  const file = runner.path('two.backup');
  assert.equal((await runner.run(['backup', file])).code, 0);
  let opens = 0;
  const cut = restoreBackup(fleet, file, {
    force: true,
    async withShards() {
      opens++;
      throw new Error('cut');
    },
  });
  await assert.rejects(cut, /cut/);
  assert.equal(opens, 1);
  assert.equal((await runner.status('c')).recorded, 12, 'nothing has changed');
  await fleet.redis.set(fleet.keys.format, 1_000_000_000);
  assert.match((await runner.run(['status'])).stderr, /E_RESTORING/);
  assert.equal((await runner.run(['restore', file])).code, 0);
  assert.equal((await runner.status('c')).recorded, 12);
});
