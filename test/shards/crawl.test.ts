// A namespace with several shards: a crawl over many hosts whose links lead from one shard to another.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const fleets = openFleets();
const flags = ['--scope', 'any', '--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];

test('every page is recorded once, whichever shard its host is on', async (t) => {
  const site = await startCrossingSite(24, 20, 5);
  t.after(() => site.close());
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '8' });
  const crawl = await runner.run(['crawl', site.url, '--crawl', 'c', ...flags]);
  assert.equal(crawl.code, 0, crawl.stderr);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded, counts.accepted], ['finished', 480, 480]);
  const urls = (await runner.results('c')).map(({ url }) => url);
  assert.deepEqual(urls.sort(), site.urls.toSorted());
  assert.ok(site.mostAtOnce <= 2, `${site.mostAtOnce} at a time`);
  assert.equal(new Set(site.asked).size, site.asked.length, 'none is fetched twice');
  const { redis } = fleet;
  const outboxes = await redis.keys(`${fleet.namespace.slice(0, -2)}*out*`);
  assert.ok(outboxes.length > 20, `${outboxes.length} outboxes`);
  const left = await Promise.all(outboxes.map((outbox) => redis.xlen(outbox)));
  assert.deepEqual(new Set(left), new Set([0]), 'no link is on its way');
  const parts = await redis.keys(`${fleet.namespace.slice(0, -2)}*:c:c`);
  assert.equal(parts.length, 8);
});

test('--limit holds over all shards, exactly', async (t) => {
  const site = await startCrossingSite(24, 20);
  t.after(() => site.close());
  const { runner } = await fleets.open({ DROVER_SHARDS: '8' });
  const crawl = await runner.run(['crawl', site.url, '--crawl', 'c', '--limit', '100', ...flags]);
  assert.equal(crawl.code, 0, crawl.stderr);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded, counts.accepted], ['finished', 100, 100]);
  assert.ok((counts.leftOut.E_LIMIT ?? 0) > 0, JSON.stringify(counts));
});
