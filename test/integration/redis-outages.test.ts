// Crawls through a Redis that refuses, is busy, is down or is cut off by a middlebox: they back off, say so
// once, and go on when it is over.
import assert from 'node:assert/strict';
import test, { suite } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fleetOf } from '../../src/fleet.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { startMiddlebox } from '../support/middlebox.ts';
import { startTestRedis } from '../support/redis.ts';
import { crawling, endsWhole } from '../support/redis-servers/crawling.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

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
    const all = await crawling(t, { args: ['--busy-reply-threshold', '50'] });
    const busy = connectRedis({ url: all.redis.url }, 'worker');
    t.after(() => closeRedis(busy));
    const script = busy.eval('while true do end', 0).catch(() => undefined);
    await sleep(2500);
    await all.admin.call('SCRIPT', 'KILL');
    await script;
    await endsWhole(all, 'E_REDIS_BUSY');
  });

  test('a Redis that is down is told in one line, and the crawl goes on when it is back', async (t) => {
    const all = await crawling(t, { latencyMs: 400 });
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
