// Consumers that serve some of the shards, and numbers of shards that cannot be.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { shardNumber } from '../../src/fleet.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const fleets = openFleets();
const flags = ['--scope', 'any', '--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];

test('a consumer of some shards leaves the others alone; with one for those, the crawl ends complete', async (t) => {
  const site = await startCrossingSite(24, 10, 5);
  t.after(() => site.close());
  const { runner } = await fleets.open({ DROVER_SHARDS: '4' });
  const enqueued = await runner.run(['enqueue', site.url, '--crawl', 'c', ...flags]);
  assert.equal(enqueued.code, 0, enqueued.stderr);
  const shardOfFirst = shardNumber(new URL(site.url).host, 4);
  const own = shardOfFirst < 2 ? [0, 1] : [2, 3];
  const others = shardOfFirst < 2 ? '2-3' : '0,1';
  const first = runner.start(['consume', '--quiet', '--shard', own.join(',')]);
  const isOwn = (host: string) => own.includes(shardNumber(host, 4));
  let quietSince = performance.now();
  let last = 0;
  await until(
    () => {
      if (site.asked.length > last) quietSince = performance.now();
      last = site.asked.length;
      return last > 0 && performance.now() - quietSince > 1500;
    },
    { what: 'the first consumer to have nothing left', deadlineMs: 20_000 },
  );
  const before = await runner.status('c');
  assertAddsUp(before);
  assert.equal(before.state, 'running');
  assert.ok(before.waiting > 10, JSON.stringify(before));
  // A redirect is followed by whoever was redirected, wherever it leads.
  const foreign = site.asked.filter((page) => page.includes('/p/') && !isOwn(page.split('/')[0] ?? ''));
  assert.deepEqual(foreign, []);
  const second = runner.start(['consume', '--quiet', '--shard', others]);
  await until(async () => (await runner.status('c')).state === 'finished', {
    what: 'the crawl to end',
    deadlineMs: 30_000,
    everyMs: 300,
  });
  for (const consumer of [first, second]) consumer.kill('SIGTERM');
  for (const consumer of [first, second]) assert.equal((await consumer.exit).code, 0, consumer.stderr());
  const urls = (await runner.results('c')).map(({ url }) => url);
  assert.deepEqual(urls.sort(), site.urls.toSorted());
  assert.equal(new Set(site.asked).size, site.asked.length, 'none is fetched twice');
});

test('a consumer that is stopped with the last page of a crawl ends it: nobody else may come', async (t) => {
  const site = await startCrossingSite(6, 5, 20);
  t.after(() => site.close());
  const { runner } = await fleets.open({ DROVER_SHARDS: '4' });
  const enqueued = await runner.run(['enqueue', site.url, '--crawl', 'c', ...flags]);
  assert.equal(enqueued.code, 0, enqueued.stderr);
  const consumer = runner.start(['consume', '--quiet']);
  await until(() => site.asked.length === site.urls.length, { what: 'the last page', everyMs: 1 });
  consumer.kill('SIGTERM');
  assert.equal((await consumer.exit).code, 0, consumer.stderr());
  const { state, recorded } = await runner.status('c');
  assert.deepEqual([state, recorded], ['finished', site.urls.length]);
});

test('numbers of shards that cannot be are refused with the reason', async () => {
  const { runner } = await fleets.open({ DROVER_SHARDS: '4' });
  const seed = 'http://127.0.0.1:8080/';
  assert.equal((await runner.run(['enqueue', seed, '--crawl', 'c', ...flags])).code, 0);
  const refused: [string[], RegExp][] = [
    [['crawl', seed, '--shards', '3'], /--shards.*(power of two|1, 2, 4)/s],
    [['crawl', seed, '--shards', '128'], /--shards.*64/s],
    [['crawl', seed, '--shards', '8'], /has 4, and 8 were asked for[\s\S]*E_SHARDS/],
    [['status', '--shards', '2'], /has 4, and 2 were asked for[\s\S]*E_SHARDS/],
    [
      ['consume', '--shard', '9'],
      /^drover: A setting.*--shard: there is no shard 9; there are shards 0 to 3/,
    ],
    [['consume', '--shard', '1-'], /--shard/],
    [['consume', '--shard', '3-1'], /--shard/],
    [['crawl', seed, '--crawl', 'd', '--per-server', '2'], /--per-server/],
  ];
  for (const [args, says] of refused) {
    const consumer = runner.start(args);
    await Promise.race([consumer.exit, sleep(10_000)]);
    assert.equal(consumer.child.exitCode, 2, `${args.join(' ')}: ${consumer.stderr()}`);
    assert.match(consumer.stderr(), says);
  }
  assert.deepEqual((await runner.json(['status', '--json'])).length, 1, 'none of them began a crawl');
});
