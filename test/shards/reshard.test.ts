// drover reshard: a crawl that was stopped in the middle goes on over another number of shards, each page
// once.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { RESHARDING } from '../../src/fleet/format.ts';
import { type Fleet, homeOf, shardNumber } from '../../src/fleet.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import { readReshard, reshard } from '../../src/reshard/reshard.ts';
import { assertAddsUp, type CommandRunner } from '../support/crawls.ts';
import { openFleets, type TestFleet } from '../support/fleets.ts';
import { freePort, startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { type CrossingSite, startCrossingSite } from '../support/site/crossing.ts';

const fleets = openFleets();
const flags = ['--scope', 'any', '--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];
const HOSTS = 24;
const PAGES = 26;

/** Crawls until the site has had so many requests, and ends as Ctrl-C does. */
async function crawlUntil({ runner }: TestFleet, site: CrossingSite, asked: number): Promise<void> {
  const crawl = runner.start(['crawl', site.url, '--crawl', 'c', '--processes', '1', ...flags]);
  await until(async () => site.asked.length >= asked, { what: `${asked} requests`, deadlineMs: 30_000 });
  crawl.kill('SIGINT');
  await crawl.exit;
}

/** A crawl of hosts that do not answer: each request dies at once. */
async function crawlDead({ runner }: TestFleet): Promise<void> {
  const port = await freePort();
  const urls = Array.from({ length: HOSTS }, (_, host) => `http://127.0.0.${host + 1}:${port}/`);
  await writeFile(runner.path('dead.txt'), urls.join('\n'));
  const dead = await runner.run([
    'crawl',
    runner.path('dead.txt'),
    '--crawl',
    'd',
    '--attempts',
    '1',
    ...flags,
  ]);
  assert.equal(dead.code, 1, dead.stderr);
}

const ofShards = (redis: Redis, { namespace }: { namespace: string }, shards: number): Fleet =>
  homeOf(Array(shards).fill(redis), namespace);

/** What is there of each shard, found where its hosts say. */
async function assertInPlace(fleet: Fleet): Promise<void> {
  let letters = 0;
  for (const { redis, keys, shard, shards, namespace } of fleet.shards) {
    for (const key of await redis.zrange(keys.dueLanes('c'), '0', '-1'))
      assert.equal(shardNumber(key, shards.length), shard, `${key} is in ${namespace}`);
    for (const job of await redis.zrange(keys.failedJobs, '0', '-1')) {
      const { request } = JSON.parse((await redis.hget(keys.job(job), 'data')) ?? '{}') as {
        request: string;
      };
      assert.equal(shardNumber(new URL(request.split('\x1f').at(-1) ?? '').host, shards.length), shard);
      letters++;
    }
    const groups = await redis.zrange(keys.deadGroups, '0', '-1');
    const indexed = await Promise.all(groups.map((group) => redis.zcard(keys.deadGroup(group))));
    const own = await redis.zcard(keys.failedJobs);
    assert.deepEqual(
      [indexed.reduce((sum, count) => sum + count, 0), await redis.hlen(keys.dead('d'))],
      [own, own],
    );
  }
  assert.equal(letters, HOSTS);
}

async function assertCounts(runner: CommandRunner, waits: boolean): Promise<void> {
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.equal(counts.waiting > 0, waits, JSON.stringify(counts));
  const dead = await runner.status('d');
  assertAddsUp(dead);
  assert.deepEqual([dead.state, dead.dead, Object.values(dead.errors)], ['finished', HOSTS, [HOSTS]]);
}

async function assertCrawled({ runner }: TestFleet, site: CrossingSite): Promise<void> {
  const crawl = await runner.run(['crawl', site.url, '--crawl', 'c', ...flags]);
  assert.equal(crawl.code, 0, crawl.stderr);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual(
    [counts.state, counts.recorded, counts.accepted],
    ['finished', HOSTS * PAGES, HOSTS * PAGES],
  );
  const urls = (await runner.results('c')).map(({ url }) => url);
  assert.deepEqual(urls.sort(), site.urls.toSorted());
  assert.equal(new Set(site.asked).size, site.asked.length, 'none is fetched twice');
}

test('a crawl goes on over 4, 8 and 2 shards, killed in between at several moments; dead letters and limits go along', async (t) => {
  const site = await startCrossingSite(HOSTS, PAGES, 8);
  t.after(() => site.close());
  const opened = await fleets.open();
  const { runner, fleet } = opened;
  await crawlDead(opened);
  const host = `127.0.0.7:${new URL(site.url).port}`;
  assert.equal((await runner.run(['hosts', 'set', host, '--delay', '3ms'])).code, 0);
  await crawlUntil(opened, site, 100);
  for (const [shards, phase] of [
    [4, 'prepare'],
    [8, 'move'],
    [2, 'settle'],
  ] as const) {
    const killed = runner.start(['reshard', String(shards)]);
    const isThere = async () =>
      (await readReshard(fleet)) !== null && (await fleet.redis.hget(fleet.keys.reshard, 'phase')) === phase;
    await until(isThere, {
      ...{ what: phase, deadlineMs: 20_000, everyMs: 1 },
    });
    killed.kill('SIGKILL');
    assert.equal((await killed.exit).signal, 'SIGKILL');
    const look = await runner.run(['status']);
    assert.deepEqual([look.code, /E_RESHARDING/.test(look.stderr)], [3, true], look.stderr);
    const other = await runner.run(['reshard', String(shards * 2)]);
    assert.match(other.stderr, /E_RESHARDING/);
    const done = await runner.run(['reshard', String(shards)]);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, new RegExp(`→ ${shards} shards: 2 crawls, .* moved`));
    await assertInPlace(ofShards(fleet.redis, fleet, shards));
    await assertCounts(runner, true);
    const [limited] = await runner.json<{ key: string; limits?: unknown }>(['hosts', 'list', host, '--json']);
    assert.match(JSON.stringify(limited), /"delay\w*":3\b/);
    await crawlUntil(opened, site, site.asked.length + 50);
  }
  await assertCrawled(opened, site);
  assert.equal((await runner.run(['reshard', '2'])).code, 0);
  const left = await fleet.redis.keys(`${fleet.namespace.slice(0, -2)}[2-9]}*`);
  assert.deepEqual(left, [], 'shards that are no more are empty');
});

/** A connection that fails for good after so many commands, as when its process is killed there. */
function cutAfter(redis: Redis, budget: { left: number }): Redis {
  return new Proxy(redis, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function' || name === 'on' || name === 'defineCommand') return value;
      return (...args: unknown[]) => {
        if (budget.left-- <= 0) return Promise.reject(new Error('cut'));
        return (value as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

test('cut off after any number of commands, between two servers too, it is completed, and nothing is lost or there twice', async (t) => {
  const site = await startCrossingSite(HOSTS, PAGES, 8);
  const other = await startTestRedis();
  const there = connectRedis({ url: other.url }, 'script');
  t.after(async () => {
    site.close();
    there.disconnect();
    await other.stop();
  });
  const opened = await fleets.open();
  const { runner, fleet: home } = opened;
  await crawlDead(opened);
  await crawlUntil(opened, site, 150);
  const { redis, namespace } = home;
  let cuts = 0;
  for (const [from, to] of [
    [1, 4],
    [4, 1],
  ] as const) {
    for (let most = 15; ; most = Math.ceil(most * 2)) {
      const budget = { left: most };
      const [here, away] = [cutAfter(redis, budget), cutAfter(there, budget)];
      const servers = Array.from({ length: Math.max(from, to) }, (_, shard) => (shard % 2 ? away : here));
      const done = await reshard({ fleet: homeOf(servers, namespace), from, to }).catch((error: Error) => {
        assert.equal(error.message, 'cut');
        return null;
      });
      if (done) break;
      cuts++;
      const reached = await readReshard(home);
      assert.ok(reached === null || (reached.from === from && reached.to === to));
      await redis.del(home.keys.lease('reshard'));
    }
    assert.notEqual(Number(await redis.get(home.keys.format)), RESHARDING);
    const plain = Array.from({ length: to }, (_, shard) => (shard % 2 ? there : redis));
    await assertInPlace(homeOf(plain, namespace));
  }
  assert.ok(cuts > 8, `${cuts} cuts`);
  assert.deepEqual(await there.keys('*'), []);
  await assertCounts(runner, true);
  await assertCrawled(opened, site);
});

test('--limit stays exact, and a namespace that is in use is left alone', async (t) => {
  const site = await startCrossingSite(HOSTS, PAGES, 8);
  t.after(() => site.close());
  const opened = await fleets.open({ DROVER_SHARDS: '4' });
  const { runner, fleet } = opened;
  const crawl = ['crawl', site.url, '--crawl', 'c', '--limit', '200', '--processes', '1', ...flags];
  const running = runner.start(crawl);
  await until(async () => site.asked.length > 60, { what: '60 requests', deadlineMs: 30_000 });
  const busy = await runner.run(['reshard', '8']);
  assert.deepEqual([busy.code, /E_NOT_AT_REST/.test(busy.stderr)], [2, true], busy.stderr);
  assert.equal(Number(await fleet.redis.get(fleet.keys.shards)), 4);
  running.kill('SIGINT');
  await running.exit;
  const env = { DROVER_SHARDS: '' };
  for (const shards of ['2', '16']) {
    const done = await runner.run(['reshard', shards, '--json'], { env });
    assert.equal(done.code, 0, done.stderr);
    assert.equal(JSON.parse(done.stdout).to, Number(shards));
  }
  const end = await runner.run(crawl, { env });
  assert.equal(end.code, 0, end.stderr);
  const counts = JSON.parse((await runner.run(['status', 'c', '--json'], { env })).stdout);
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded, counts.accepted], ['finished', 200, 200]);
  assert.equal(new Set(site.asked).size, site.asked.length);
  const wrong = await runner.run(['reshard', '3'], { env });
  assert.match(wrong.stderr, /reshard: expected a power of two from 1 to 64 \(got "3"\).*E_SETTING/s);
  assert.equal(await fleet.redis.get(fleet.keys.shards), '16');
});
