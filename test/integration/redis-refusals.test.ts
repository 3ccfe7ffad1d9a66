// Each way in which a Redis refuses for a while: the crawl waits, says so once with its code, and goes on by
// itself when it is over.
import assert from 'node:assert/strict';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { suite } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertAddsUp } from '../support/crawls.ts';
import type { TestRedis } from '../support/redis.ts';
import { freePort } from '../support/redis.ts';
import { crawling, endsWhole } from '../support/redis-servers/crawling.ts';
import { until } from '../support/signals.ts';

/** How long each refusal lasts: what it costs in lines and calls is tested. */
const LASTS_MS = 2500;
const ofApp = (redis: TestRedis) => redis.url.replace('//', '//app:pw@');
const user = ['--user', 'app', 'on', '>pw', '~*', '&*', '+@all'];

suite('a Redis that refuses', { concurrency: 3 }, () => {
  test('READONLY: it is a replica for a while', async (t) => {
    const all = await crawling(t);
    await all.admin.call('REPLICAOF', '127.0.0.1', String(await freePort()));
    await sleep(LASTS_MS);
    await all.admin.call('REPLICAOF', 'NO', 'ONE');
    await endsWhole(all, null);
  });

  test('CLUSTERDOWN: some slots of the Cluster have no node for a while', async (t) => {
    const args = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())];
    const all = await crawling(t, {
      args,
      url: ({ url }) => url.replace('redis:', 'redis+cluster:'),
      async prepare(admin) {
        await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
        while (!String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(50);
      },
    });
    const slot = Number(await all.admin.call('CLUSTER', 'KEYSLOT', '{drover:0}'));
    await all.admin.call('CLUSTER', 'DELSLOTS', String((slot + 1) % 16_384));
    await sleep(LASTS_MS);
    await all.admin.call('CLUSTER', 'ADDSLOTS', String((slot + 1) % 16_384));
    await endsWhole(all, null);
  });

  test('LOADING: it reads its data after a crash', async (t) => {
    const all = await crawling(t, { args: ['--key-load-delay', '1000'] });
    const filler = all.admin.pipeline();
    for (let key = 0; key < 2000; key++) filler.set(`filler:${key}`, '1');
    await filler.exec();
    await all.redis.restart(); // resolves when they are loaded
    await endsWhole(all, 'E_REDIS_(DOWN|BUSY)');
  });

  test('MISCONF: it cannot write its snapshot', async (t) => {
    const all = await crawling(t, { args: ['--stop-writes-on-bgsave-error', 'yes'] });
    await all.admin.config('SET', 'save', '3600 1'); // 6.2 does not take it as an option
    const snapshot = join(all.redis.dir, 'dump.rdb');
    await mkdir(snapshot); // a file cannot take its place
    await all.admin.call('BGSAVE');
    await all.crawl.line(/E_REDIS_REFUSES/);
    await sleep(LASTS_MS);
    await rmdir(snapshot);
    await all.admin.call('BGSAVE');
    await endsWhole(all, 'E_REDIS_REFUSES');
  });

  test('NOSCRIPT: it forgets all scripts', async (t) => {
    const all = await crawling(t);
    for (let times = 0; times < 10; times++) {
      await all.admin.call('SCRIPT', 'FLUSH');
      await sleep(100);
    }
    await endsWhole(all, null);
  });

  test('max clients: it accepts no connection', async (t) => {
    const all = await crawling(t);
    await all.admin.config('SET', 'maxclients', '1');
    await all.admin.call('CLIENT', 'KILL', 'SKIPME', 'yes');
    await all.crawl.line(/E_REDIS_DOWN.*|max number of clients/);
    await sleep(LASTS_MS);
    await all.admin.config('SET', 'maxclients', '1000');
    await endsWhole(all, 'E_REDIS_DOWN');
  });

  test('wrong password: a command ends with its code; a consumer waits, and goes on', async (t) => {
    const all = await crawling(t, { args: user, url: ofApp });
    const consumer = all.runner.start(['consume']);
    await consumer.line(/^consuming/);
    await all.admin.call('ACL', 'SETUSER', 'app', 'resetpass', '>other');
    await all.admin.call('CLIENT', 'KILL', 'USER', 'app');
    assert.equal((await all.crawl.exit).code, 3);
    assert.match(all.crawl.stderr(), /E_REDIS_AUTH/);
    await sleep(LASTS_MS);
    await all.admin.call('ACL', 'SETUSER', 'app', '>pw');
    await until(async () => (await all.runner.status('c')).state === 'finished', { what: 'the end' });
    assertAddsUp(await all.runner.status('c'));
    consumer.kill('SIGTERM');
    await consumer.exit;
    const said = consumer.stderr().match(/E_REDIS_AUTH/g) ?? [];
    assert.ok(said.length > 0 && said.length <= 2, consumer.stderr());
  });

  test('NOPERM: its user loses the right to run scripts, and gets it back', async (t) => {
    const all = await crawling(t, { args: user, url: ofApp });
    await all.admin.call('ACL', 'SETUSER', 'app', '-evalsha', '-eval');
    await all.crawl.line(/E_REDIS_RIGHTS/);
    await sleep(LASTS_MS);
    await all.admin.call('ACL', 'SETUSER', 'app', '+evalsha', '+eval');
    await endsWhole(all, 'E_REDIS_RIGHTS');
  });
});
