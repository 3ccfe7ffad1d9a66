// Forgetting a crawl of a fleet with several shards: nothing of it is left on any of them, and what was cut
// off is gone on with.
import assert from 'node:assert/strict';
import test from 'node:test';
import { listCrawls } from '../../src/crawl/crawl.ts';
import { beginForgetting } from '../../src/crawl/forget.ts';
import type { Fleet } from '../../src/fleet.ts';
import { removeRemains } from '../../src/forget/forget.ts';
import { openQueues } from '../../src/queue/queue.ts';
import { startApi } from '../support/api/api.ts';
import { cancelledCrawl } from '../support/fleets/cancelled.ts';
import { tracesOf } from '../support/fleets/traces.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const fleets = openFleets();
const flags = ['--scope', 'any', '--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];

const shardsWith = async (fleet: Fleet, name: string) => {
  const traces = await tracesOf(fleet, name);
  return fleet.shards.filter(({ namespace }) => traces.some((trace) => trace.startsWith(namespace))).length;
};

test('drover forget leaves no key of the crawl on any shard; purge and the API do the same', async (t) => {
  const site = await startCrossingSite(16, 6);
  t.after(() => site.close());
  site.fails = (host, page) => page === 1 && host % 2 === 0;
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '8' });
  const crawl = (name: string) =>
    runner.run(['crawl', site.url, '--crawl', name, '--attempts', '1', '--limit', '70', ...flags]);
  for (const name of ['a', 'b', 'c']) assert.equal((await crawl(name)).code, 1);
  assert.equal(await shardsWith(fleet, 'a'), 8);
  const { dead } = await runner.status('a');
  const forgotten = await runner.run(['forget', 'a', '--json']);
  assert.equal(forgotten.code, 0, forgotten.stderr);
  assert.equal(JSON.parse(forgotten.stdout).purged, dead);
  assert.deepEqual(await tracesOf(fleet, 'a'), []);
  assert.deepEqual(await listCrawls(fleet), ['c', 'b']);
  const purge = await runner.run(['purge', '--crawl', 'b', '--yes']);
  assert.equal(purge.code, 0, purge.stderr);
  assert.deepEqual(await tracesOf(fleet, 'b'), []);
  const api = await startApi({ runner });
  t.after(() => api.drover.kill());
  assert.equal((await api.call('DELETE', '/v1/crawls/c?forget=true')).status, 200);
  assert.deepEqual(await tracesOf(fleet, 'c'), []);
  // The name is free again, and what is found now was not seen before.
  assert.equal((await crawl('a')).code, 1);
  assert.equal((await runner.status('a')).accepted, 70);
});

test('what was cut off between two shards is finished by the next command or consumer; --keep-crawls forgets on all shards', async (t) => {
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '8' });
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) await cancelledCrawl(fleet, name);
  const queues = openQueues(fleet);
  for (const [index, name] of ['a', 'b', 'c'].entries()) {
    await beginForgetting(fleet, name);
    let steps = index * 4; // before the first shard, between two, and behind the dead letters of the last
    await removeRemains({ fleet, queues, exportDir: null, goOn: () => steps-- > 0 }, name);
    assert.ok((await shardsWith(fleet, name)) > 0, 'it was cut off');
  }
  assert.equal((await runner.run(['forget', 'a'])).code, 0);
  assert.deepEqual(await tracesOf(fleet, 'a'), []);
  const consumer = runner.start(['consume', '--keep-crawls', '1', '--quiet']);
  t.after(() => consumer.kill());
  for (const name of ['b', 'c', 'd'])
    await until(async () => (await tracesOf(fleet, name)).length === 0, {
      what: `the end of ${name}`,
      deadlineMs: 20_000,
    });
  assert.deepEqual(await listCrawls(fleet), ['e']);
});

test('kill -9 in the middle of drover forget: the next one goes on', async () => {
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '8' });
  await cancelledCrawl(fleet, 'k');
  const first = runner.start(['forget', 'k']);
  await until(async () => (await fleet.redis.zscore(fleet.keys.forgetting, 'k')) !== null, {
    what: 'its begin',
    deadlineMs: 20_000,
  }).finally(() => first.killGroup('SIGKILL'));
  await first.exit;
  const next = await runner.run(['forget', 'k']);
  const isOver = next.code === 0 || /E_CRAWL_UNKNOWN/.test(next.stderr);
  assert.ok(isOver, next.stderr);
  assert.deepEqual(await tracesOf(fleet, 'k'), []);
});

test('a crawl of which something runs on another shard than home is refused', async () => {
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '4' });
  await cancelledCrawl(fleet, 'o');
  const [home, far] = [fleet.shards[0] as Fleet, fleet.shards[2] as Fleet];
  // As it is for a moment when a replay brings letters back there.
  await home.redis.hset(home.keys.crawl('o'), 'state', 'finished');
  await far.redis.hset(far.keys.crawl('o'), 'state', 'running');
  const refused = await runner.run(['forget', 'o']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /E_CRAWL_OPEN/);
});
