// --durability replica: nothing is acknowledged before a replica has it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

test('no replica, no acknowledgement: what was accepted survives the loss of the primary', async (t) => {
  const primary = await startTestRedis({ tcp: true });
  const site = await startSite({ pages: 40, latencyMs: 20 });
  const args = ['--replicaof', '127.0.0.1', new URL(primary.url).port];
  const replica = await startTestRedis({ tcp: true, args });
  const admin = connectRedis({ url: replica.url }, 'script');
  t.after(async () => {
    closeRedis(admin);
    await Promise.all([primary.stop(), replica.stop(), site.stop()]);
  });
  await until(async () => (await admin.info('replication')).includes('master_link_status:up'), {
    what: 'sync',
  });
  const runner = await openCommandRunner({ REDIS_URL: primary.url, DROVER_DURABILITY: 'replica' });
  assert.match(
    (await runner.run(['doctor'])).stdout,
    /ok {4}failover: a commit waits until a replica has it/,
  );
  const options = ['--ignore-robots', '--scope', 'host', '--crawl', 'c'];
  assert.equal((await runner.run(['enqueue', `${site.url}/`, ...options])).code, 0);

  process.kill(replica.pid, 'SIGSTOP');
  const late = runner.start(['enqueue', `${site.url}/p/1?late`, '--crawl', 'late', ...options.slice(0, 3)]);
  assert.equal(await Promise.race([late.exit, sleep(2500, 'waits')]), 'waits', late.stderr());
  process.kill(replica.pid, 'SIGCONT');
  assert.equal((await late.exit).code, 0, late.stderr());

  primary.kill();
  await admin.call('REPLICAOF', 'NO', 'ONE');
  const alone = await openCommandRunner({ REDIS_URL: replica.url });
  const counts = await alone.status('late');
  assert.deepEqual([counts.accepted, counts.waiting], [1, 1]);
  // The one that took over has no replica of its own.
  const doctor = await runner.run(['doctor'], { env: { REDIS_URL: replica.url } });
  assert.match(doctor.stdout, /FAIL {2}failover: no replica is connected/);
  assert.equal((await alone.run(['crawl', `${site.url}/`, ...options])).code, 0);
  const ended = await alone.status('c');
  assertAddsUp(ended);
  assert.equal(ended.recorded, 41);
});

test('without a replica a crawl waits and says why, and goes on when one is there', async (t) => {
  const primary = await startTestRedis({ tcp: true });
  const site = await startSite({ pages: 20 });
  t.after(() => Promise.all([primary.stop(), site.stop()]));
  const runner = await openCommandRunner({ REDIS_URL: primary.url });
  const options = ['--ignore-robots', '--scope', 'host', '--crawl', 'c'];
  assert.equal((await runner.run(['enqueue', `${site.url}/`, ...options])).code, 0);
  const consumer = runner.start(['consume', '--durability', 'replica']);
  await consumer.line(/E_REDIS_REPLICA/, 15_000);
  const args = ['--replicaof', '127.0.0.1', new URL(primary.url).port];
  const replica = await startTestRedis({ tcp: true, args });
  t.after(() => replica.stop());
  await until(async () => (await runner.status('c')).state === 'finished', {
    what: 'the end',
    deadlineMs: 20_000,
  });
  consumer.kill('SIGTERM');
  await consumer.exit;
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.equal(counts.recorded, 21);
});
