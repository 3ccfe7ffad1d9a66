// Crawls through a Redis that refuses, is busy, is down or is cut off by a middlebox: they back off, say so
// once, and go on when it is over.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { suite, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fleetOf } from '../../src/fleet.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { closeRedis, connectRedis, type Redis } from '../../src/redis.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { startMiddlebox } from '../support/middlebox.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type DroverProcess, until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site/site.ts';

const PAGES = 30;

interface Crawling {
  redis: TestRedis;
  admin: Redis;
  site: Site;
  runner: CommandRunner;
  crawl: DroverProcess;
}

/** A crawl under way, slow enough for an outage in its middle. */
async function crawling(t: TestContext, args: string[] = [], latencyMs = 100): Promise<Crawling> {
  const redis = await startTestRedis({ tcp: true, args });
  const site = await startSite({ pages: PAGES, linksPerPage: PAGES, latencyMs });
  const admin = connectRedis({ url: redis.url }, 'producer');
  t.after(async () => {
    closeRedis(admin);
    await site.stop();
    await redis.stop();
  });
  const runner = await openCommandRunner({ REDIS_URL: redis.url, DROVER_LOCK_DURATION: '5s' });
  const options = ['--ignore-robots', '--per-host', '1', '--crawl', 'c', '--scope', 'host'];
  const crawl = runner.start(['crawl', `${site.url}/`, ...options]);
  await until(async () => (await site.ended()) > 5, { what: 'some pages', everyMs: 50 });
  return { redis, admin, site, runner, crawl };
}

async function logLines({ runner }: Crawling): Promise<Record<string, unknown>[]> {
  const text = await readFile(runner.path('data/drover.log'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** The crawl ends whole, and the outage was told with its code, in few lines. */
async function endsWhole(all: Crawling, code: string): Promise<void> {
  assert.equal((await all.crawl.exit).code, 0, all.crawl.stderr());
  const counts = await all.runner.status('c');
  assertAddsUp(counts);
  assert.equal(counts.recorded, PAGES + 1);
  const told = (await logLines(all)).filter((line) => ['warn', 'error'].includes(String(line.level)));
  assert.ok(told.length <= 8, `${told.length} lines: ${JSON.stringify(told.slice(0, 12))}`);
  const said = all.crawl.stderr().match(new RegExp(code, 'g')) ?? [];
  assert.ok(said.length <= 3, all.crawl.stderr());
}

suite('a crawl and its Redis', { concurrency: true }, () => {
  test('NOREPLICAS: one line, no storm, and the crawl goes on', async (t) => {
    const all = await crawling(t);
    await all.admin.config('SET', 'min-replicas-to-write', '1');
    await all.crawl.line(/E_REDIS_REFUSES/);
    await all.admin.config('RESETSTAT');
    await sleep(2500); // how much is told and asked in this time is what is tested
    const refused = Number(/errorstat_NOREPLICAS:count=(\d+)/.exec(await all.admin.info('errorstats'))?.[1]);
    assert.ok(refused > 0 && refused < 100, `${refused} calls were refused`);
    await all.admin.config('SET', 'min-replicas-to-write', '0');
    await endsWhole(all, 'E_REDIS_REFUSES');
  });

  test('BUSY: a script of somebody else is waited for', async (t) => {
    const all = await crawling(t, ['--busy-reply-threshold', '50']);
    const busy = connectRedis({ url: all.redis.url }, 'worker');
    t.after(() => closeRedis(busy));
    const script = busy.eval('while true do end', 0).catch(() => undefined);
    await sleep(2500);
    await all.admin.call('SCRIPT', 'KILL');
    await script;
    await endsWhole(all, 'E_REDIS_BUSY');
  });

  test('a Redis that is down is told in one line, and the crawl goes on when it is back', async (t) => {
    const all = await crawling(t, [], 400);
    all.redis.kill();
    await all.crawl.line(/E_REDIS_DOWN/);
    await sleep(2500);
    await all.redis.restart();
    await all.crawl.line(/^Redis answers again/, 15_000);
    await endsWhole(all, 'E_REDIS_DOWN');
  });

  test('a job that something else has put into the queue is a dead letter, and no hindrance', async (t) => {
    const redis = await startTestRedis();
    const connection = connectRedis({ url: redis.url }, 'producer');
    t.after(async () => {
      closeRedis(connection);
      await redis.stop();
    });
    const runner = await openCommandRunner({ REDIS_URL: redis.url });
    const queue = openQueue(fleetOf(connection, '{drover:0}'));
    await queue.add('theirs', { some: 'thing' } as never, { jobId: 'job-of-theirs' });
    await queue.add('theirs', 'text' as never, { jobId: 'c.0123456789abcdef' });
    await queue.add('theirs', null as never);
    const consumer = runner.start(['consume']);
    const failed = () => queue.getFailedCount();
    await until(async () => (await failed()) === 3, { what: 'all three to be set aside' });
    consumer.kill('SIGTERM');
    await consumer.exit;
    const letters = await runner.json<{ code: string; jobId: string }>(['dead', 'list', '--json']);
    assert.deepEqual(new Set(letters.map(({ code }) => code)), new Set(['E_QUEUE']));
    assert.ok(letters.some(({ jobId }) => jobId === 'job-of-theirs'));
  });

  test('a middlebox that forgets every connection costs less than a minute', async (t) => {
    const redis = await startTestRedis({ tcp: true });
    t.after(() => redis.stop());
    const middlebox = await startMiddlebox(t, redis.url);
    const site = await startSite({ pages: 3 });
    t.after(() => site.stop());
    const runner = await openCommandRunner({ REDIS_URL: middlebox.url });
    const consumer = runner.start(['consume']);
    await consumer.line(/^consuming/);
    const offer = async (crawl: string) => {
      const { code, stderr } = await runner.run([
        'enqueue',
        `${site.url}/`,
        '--ignore-robots',
        '--crawl',
        crawl,
        '-d',
        '0',
      ]);
      assert.equal(code, 0, stderr);
    };
    const ends = (crawl: string) =>
      until(async () => (await runner.status(crawl)).state === 'finished', {
        what: crawl,
        deadlineMs: 45_000,
        everyMs: 300,
      });
    await offer('before');
    await ends('before');
    middlebox.forget();
    await offer('after');
    await ends('after');
  });
});
