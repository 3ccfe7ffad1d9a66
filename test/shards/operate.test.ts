// What operators see and do of several shards: who serves which, drain, doctor, and all of it in a Cluster.
import assert from 'node:assert/strict';
import test from 'node:test';
import { homeOf } from '../../src/fleet.ts';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { startCluster } from '../support/redis-servers/servers.ts';
import { until } from '../support/signals.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const fleets = openFleets();
const flags = ['--scope', 'any', '--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];

test('a shard that no consumer serves is told; a drain is for the queues of all', async (t) => {
  const site = await startCrossingSite(12, 6);
  t.after(() => site.close());
  const { runner, fleet, namespace } = await fleets.open({ DROVER_SHARDS: '4' });
  assert.equal((await runner.run(['enqueue', site.url, '--crawl', 'c', ...flags.slice(0, -1)])).code, 0);
  const [served] = await runner.json<{ waiting: number }>(['status', 'c', '--json']);
  assert.equal(served?.waiting, 1);
  const consumer = runner.start(['consume', '--shard', '0', '--processes', '1', '--quiet']);
  const other = runner.start(['consume', '--shard', '1,2', '--processes', '1', '--quiet']);
  const look = async () => (await runner.run(['fleet'])).stderr;
  await until(async () => /no consumer serves shard 3 \(\d+ waiting\)/.test(await look()), {
    ...{ what: 'the warning', deadlineMs: 20_000, everyMs: 200 },
  });
  const { stdout } = await runner.run(['fleet']);
  assert.match(stdout, /all crawls of shard 0\b/);
  assert.match(stdout, /all crawls of shards 1,2\b/);
  assert.match((await runner.run(['status'])).stderr, /no consumer serves shard 3/);
  const doctor = await runner.run(['doctor']);
  assert.match(doctor.stdout, /shards: 4, all on one server/);
  assert.match(doctor.stdout, /WARN {2}consumers: no consumer serves shard 3/);
  assert.equal((await runner.run(['drain'])).code, 0);
  const shards = homeOf(Array(4).fill(fleet.redis), namespace).shards;
  const paused = () => Promise.all(shards.map(({ redis, keys }) => redis.hexists(keys.queueState, 'paused')));
  assert.deepEqual(await paused(), [1, 1, 1, 1]);
  assert.equal((await runner.run(['resume'])).code, 0);
  assert.deepEqual(await paused(), [0, 0, 0, 0]);
  for (const one of [consumer, other]) one.kill('SIGTERM');
  assert.deepEqual([(await consumer.exit).code, (await other.exit).code], [0, 0]);
});

test('in a Cluster: doctor says how shards lie; reshard and backup of a crawl in the middle, which ends complete', async (t) => {
  const [HOSTS, PAGES] = [16, 20];
  const [site, cluster] = await Promise.all([startCrossingSite(HOSTS, PAGES, 8), startCluster()]);
  t.after(async () => {
    site.close();
    await cluster.stop();
  });
  const runner = await openCommandRunner({ REDIS_URL: cluster.url });
  const begin = ['crawl', site.url, '--crawl', 'c', '--processes', '1', ...flags];
  const stopAt = async (asked: number, env: Record<string, string> = {}) => {
    const crawl = runner.start(begin, { env });
    await until(async () => site.asked.length >= asked, { what: `${asked} requests`, deadlineMs: 30_000 });
    crawl.kill('SIGINT');
    await crawl.exit;
  };
  await stopAt(60, { DROVER_SHARDS: '8' });
  const doctor = await runner.run(['doctor']);
  assert.match(doctor.stdout, /shards: 8, by node: \d \d \d\n/);
  const fewer = await runner.run(['reshard', '2']);
  assert.equal(fewer.code, 0, fewer.stderr);
  await stopAt(130);
  const more = await runner.run(['reshard', '4']);
  assert.equal(more.code, 0, more.stderr);

  const file = runner.path('cluster.backup');
  const going = runner.start(begin);
  await until(async () => site.asked.length >= 200, { what: '200 requests', deadlineMs: 30_000 });
  assert.equal((await runner.run(['backup', file])).code, 0);
  going.kill('SIGINT');
  await going.exit;
  assert.equal(new Set(site.asked).size, site.asked.length, 'none is fetched twice');

  const env = { REDIS_URL: fleets.url, DROVER_NAMESPACE: 'from-cluster' };
  for (const place of [env, {}]) {
    if (place === env) assert.equal((await runner.run(['restore', file], { env })).code, 0);
    const end = await runner.run(begin, { env: place });
    assert.equal(end.code, 0, end.stderr);
    const counts = JSON.parse((await runner.run(['status', 'c', '--json'], { env: place })).stdout);
    assertAddsUp(counts);
    assert.deepEqual(
      [counts.state, counts.recorded, counts.accepted],
      ['finished', HOSTS * PAGES, HOSTS * PAGES],
    );
  }
  assert.equal(await fleets.redis.get('{from-cluster:0}:shards'), '4');
});
