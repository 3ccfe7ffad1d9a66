// A crawl over shards on several nodes of a Redis Cluster, of which one does not answer for a while, and is
// lost then: what its replica had not got yet is made up for.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { shardNumber } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { type RedisServers, startCluster } from '../support/redis-servers/servers.ts';
import { until } from '../support/signals.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const SHARDS = 8;
let servers: RedisServers;
test.before(async () => {
  servers = await startCluster({ args: ['--cluster-require-full-coverage', 'no'] });
});
test.after(() => servers.stop());

/** The port of the node that has each shard. */
async function nodesOf(name: string): Promise<number[]> {
  const admin = servers.admin(await servers.primary());
  const ranges = (await admin.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
  const of = async (shard: number) => {
    const slot = Number(await admin.call('CLUSTER', 'KEYSLOT', `${namespaceOf(name, shard)}:format`));
    return ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1] ?? 0;
  };
  return Promise.all(Array.from({ length: SHARDS }, (_, shard) => of(shard)));
}

test('the shards of other nodes go on while one is silent; when that is lost, the crawl ends complete', async (t) => {
  const site = await startCrossingSite(24, 40, 100);
  t.after(() => site.close());
  const name = 'crossing';
  const nodes = await nodesOf(name);
  const silent = nodes.find((port) => port !== nodes[0]);
  const server = servers.servers.find(({ url }) => new URL(url).port === String(silent));
  assert.ok(server, `shards on ${nodes}`);
  const isSilent = (page: string) => nodes[shardNumber(page.split('/')[0] ?? '', SHARDS)] === silent;
  const runner = await openCommandRunner({
    ...{ REDIS_URL: servers.url, DROVER_NAMESPACE: name, DROVER_SHARDS: String(SHARDS) },
    DROVER_LOCK_DURATION: '5s',
  });
  const flags = ['--scope', 'any', '--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];
  const crawl = runner.start(['crawl', site.url, '--crawl', 'c', '-c', '24', ...flags]);
  const asked = (count: number) =>
    until(() => site.asked.length >= count, { what: `${count} pages`, deadlineMs: 60_000 });
  await asked(100);
  await servers.admin(server).call('CLIENT', 'PAUSE', '5000');
  await sleep(1500);
  const before = site.asked.length;
  await sleep(2500);
  const meanwhile = site.asked.slice(before).filter((page) => page.includes('/p/') && !isSilent(page));
  t.diagnostic(`${meanwhile.length} pages of other shards in 2.5 s`);
  assert.ok(meanwhile.length > 20, `${meanwhile.length} pages`);
  await asked(Math.max(600, site.asked.length + 100));
  server.kill();
  const { code } = await crawl.exit;
  assert.equal(code, 0, crawl.stderr());
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded], ['finished', site.urls.length]);
  const urls = (await runner.results('c')).map(({ url }) => url);
  assert.deepEqual(urls.sort(), site.urls.toSorted());
});
