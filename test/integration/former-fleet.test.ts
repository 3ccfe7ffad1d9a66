// A namespace that another version of drover has written: the former one's is upgraded when a command opens
// the fleet, a newer one's refused.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { FORMAT } from '../../src/fleet/format.ts';
import type { Fleet } from '../../src/fleet.ts';
import { dispatch } from '../../src/frontier/dispatch.ts';
import { createProducer } from '../../src/index.ts';
import { jobIdOf } from '../../src/keys.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { unpackRequest } from '../../src/request.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const PAGES = 60;
const OPTIONS = ['--depth', '0', '--ignore-robots', '--no-adaptive', '--quiet', '--crawl', 'c'];

/**
 * As the former version named it: keys, fields of the crawl, metrics, samples of the last hour; and it had no
 * note of a format.
 */
async function makeFormer({ redis, keys }: Fleet): Promise<void> {
  await redis.del(keys.format);
  await redis.rename(keys.handOver, keys.formerHandOver);
  await redis.rename(keys.replayed('c'), keys.formerReplayed('c'));
  await redis.hset(keys.crawl('c'), 'snoozes', 3);
  await redis.hset(keys.metrics, 'drover_outcomes_total snooze', 5, 'drover_outcomes_total postponed', 1);
  const calls = 'drover_redis_call_seconds';
  await redis.hset(
    keys.metrics,
    `${calls} turn sum`,
    7,
    `${calls} heartbeat sum`,
    8,
    `${calls} pulse sum`,
    9,
  );
  await redis.rpush(keys.history, JSON.stringify({ at: Date.now(), snoozes: 4 }));
}

/**
 * Takes requests from their lanes as a dispatcher does; `inQueue` of them have become jobs, in the form of
 * the former version, when it dies.
 */
async function dispatchSome(fleet: Fleet, wanted: number, inQueue: number): Promise<void> {
  const queue = openQueue(fleet);
  const { handed } = await dispatch(fleet, {
    ...{
      serve: 'c',

      wanted,
      leaseMs: 2500,
      releases: [],
      arrived: [],
    },
  });
  assert.equal(handed.length, wanted);
  for (const { crawl, id, packed, start } of handed.slice(0, inQueue))
    await queue.add(start, packed, { jobId: jobIdOf(crawl, id), timestamp: Date.now() });
}

test('a crawl that the former version left in the middle goes on to its end, with nothing lost', async (t) => {
  const site = await startSite({ pages: PAGES, linksPerPage: 0 });
  t.after(() => site.stop());
  const { runner, fleet } = await fleets.open();
  const { redis, keys } = fleet;
  const urls = Array.from({ length: PAGES }, (_, page) => `${site.url}/p/${page}`);
  await writeFile(runner.path('list.txt'), urls.map((url) => `${url}\n`).join(''));
  const enqueued = await runner.run(['enqueue', runner.path('list.txt'), '--per-host', '20', ...OPTIONS]);
  assert.equal(enqueued.code, 0, enqueued.stderr);
  await dispatchSome(fleet, 16, 8);
  // One that a replay had brought back, of a run that still wants to hear how it ends.
  const [id = '', open = ''] = (await redis.hgetall(keys.open('c')).then(Object.entries))[0] as [
    string,
    string,
  ];
  assert.ok(unpackRequest(open.slice(open.indexOf('\x1f') + 1)).url.startsWith(site.url));
  await redis.hset(keys.replayed('c'), id, '0\x1frun');
  await redis.hset(keys.crawl('c'), 'replayed', '1');
  await redis.hset(keys.replay('run'), 'phase', 'rest', 'opened', 1);
  await makeFormer(fleet);

  const { postponed, waiting } = await runner.status('c');
  assert.deepEqual([postponed, waiting], [3, PAGES]);
  assert.equal(await redis.get(keys.format), String(FORMAT));
  assert.equal(await redis.exists(keys.formerHandOver, keys.formerReplayed('c')), 0);
  assert.equal(await redis.zcard(keys.handOver), 16);
  assert.deepEqual(await redis.hgetall(keys.metrics), {
    'drover_outcomes_total postponed': '6',
    'drover_redis_call_seconds dispatch sum': '7',
    'drover_redis_call_seconds renew sum': '8',
    'drover_redis_call_seconds heartbeat sum': '9',
  });
  assert.equal(JSON.parse((await redis.lindex(keys.history, -1)) ?? '').postponed, 4);

  const crawled = await runner.run(['crawl', runner.path('list.txt'), '--per-host', '20', ...OPTIONS]);
  assert.equal(crawled.code, 0, crawled.stderr);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded], ['finished', PAGES]);
  const results = await runner.results('c');
  assert.deepEqual(results.map(({ url }) => url).toSorted(), urls.toSorted());
  assert.equal(await redis.hget(keys.replay('run'), 'recorded'), '1');
});

test('what both versions wrote, one after the other, is kept together; an upgrade again changes nothing', async () => {
  const { runner, fleet } = await fleets.open();
  const { redis, keys } = fleet;
  await redis.zadd(keys.crawls, 1, 'c');
  await redis.hset(keys.crawl('c'), 'state', 'running');
  await redis.zadd(keys.formerHandOver, 1, 'c.a', 5, 'c.b');
  await redis.zadd(keys.handOver, 3, 'c.b', 4, 'c.d');
  await redis.hset(keys.formerReplayed('c'), 'a', 'old', 'b', 'old');
  await redis.hset(keys.replayed('c'), 'b', 'new');
  const look = async () => ({
    handOver: await redis.zrange(keys.handOver, '0', '-1', 'WITHSCORES'),
    replayed: await redis.hgetall(keys.replayed('c')),
    keys: (await redis.keys(`${fleet.namespace}:*`)).sort(),
  });
  const upgraded = await runner.run(['status', '--json']);
  assert.equal(upgraded.code, 0, upgraded.stderr);
  const after = await look();
  assert.deepEqual(after.handOver, ['c.a', '1', 'c.b', '3', 'c.d', '4']);
  assert.deepEqual(after.replayed, { a: 'old', b: 'new' });
  await redis.del(keys.format);
  await runner.run(['status']);
  assert.deepEqual(await look(), after);
});

test('a namespace of a newer version is refused, by commands and producers alike, and left as it is', async () => {
  const { runner, fleet } = await fleets.open();
  const { redis, keys, namespace } = fleet;
  await redis.set(keys.format, FORMAT + 1);
  const refused = await runner.run(['enqueue', 'http://a.example/', ...OPTIONS]);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /newer version of drover/);
  assert.match(refused.stderr, /has format 3, and this version knows 2/);
  assert.match(refused.stderr, /--namespace.*\(E_REDIS_FORMAT\)/s);
  const name = /^\{(.*):0\}$/.exec(namespace)?.[1] ?? '';
  await assert.rejects(createProducer({ redisUrl: fleets.url, namespace: name, crawl: 'c' }), {
    code: 'E_REDIS_FORMAT',
  });
  assert.deepEqual(await redis.keys(`${namespace}:*`), [keys.format]);
});
