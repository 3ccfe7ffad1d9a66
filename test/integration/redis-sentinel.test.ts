// A crawl through Sentinels: its primary is killed, and switched by hand after a drain.
import assert from 'node:assert/strict';
import test from 'node:test';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openCommandRunner } from '../support/crawls.ts';
import type { TestRedis } from '../support/redis.ts';
import { crawlThrough } from '../support/redis-servers/crawl-through.ts';
import { type RedisServers, startSentinels } from '../support/redis-servers/servers.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

let servers: RedisServers;
test.before(async () => {
  servers = await startSentinels();
});
test.after(() => servers.stop());

test('drain, a switch by hand, resume: nothing is fetched meanwhile, and nothing twice', async (t) => {
  const site = await startSite({ pages: 60, linksPerPage: 60, latencyMs: 50 });
  t.after(() => site.stop());
  const runner = await openCommandRunner({ REDIS_URL: servers.url, DROVER_NAMESPACE: 'drained' });
  const options = ['--ignore-robots', '--per-host', '2', '--crawl', 'c', '--scope', 'host', '--quiet'];
  const crawl = runner.start(['crawl', `${site.url}/`, ...options]);
  await until(async () => (await site.ended()) > 10, { what: 'some pages' });
  const [drained] = await runner.json<Record<string, unknown>>(['drain', '--json']);
  assert.deepEqual(drained, { drained: true, changed: true, replicas: 2, confirmed: 2 });
  const fetched = await site.ended();
  const former = await servers.primary();
  const doctor = await runner.run(['doctor']);
  assert.match(doctor.stdout, /WARN {2}fleet: it is drained/);
  assert.match(doctor.stdout, /WARN {2}failover: .*cut off.*\n.*min-replicas-to-write 1/);
  await servers.switchOver();
  await until(async () => (await servers.primary()) !== former, { what: 'the switch', deadlineMs: 20_000 });
  assert.match((await runner.run(['status'])).stdout, /the fleet is drained/);
  assert.equal(await site.ended(), fetched, 'no page while the fleet is drained');
  assert.equal((await runner.run(['resume'])).code, 0);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  const log = await site.log();
  assert.equal(log.length, 61);
  assert.equal(new Set(log.map(({ path }) => path)).size, 61);
});

test('a killed primary holds a crawl up for seconds, and costs it nothing', async () => {
  const course = await crawlThrough(servers, { pages: 50, hosts: 8, latencyMs: 40, kills: 1 });
  assert.ok(
    course.heldUpMs.every((ms) => ms < 10_000),
    JSON.stringify(course),
  );
});

test('a primary that comes back while another one takes its place gets no connection', async (t) => {
  const former = await servers.primary();
  const roleOf = async (server: TestRedis) =>
    /role:(\w+)/.exec(
      await servers
        .admin(server)
        .info('replication')
        .catch(() => ''),
    )?.[1];
  const others = servers.servers.filter((server) => server !== former);
  const areReplicas = async () => (await Promise.all(others.map(roleOf))).every((role) => role === 'slave');
  await until(areReplicas, { what: 'both others to follow it', deadlineMs: 30_000, everyMs: 50 });
  former.kill();
  const taken = await until(
    async () => {
      for (const server of others) if ((await roleOf(server)) === 'master') return server;
      return null;
    },
    { what: 'a replica to be made the primary', deadlineMs: 20_000, everyMs: 2 },
  );
  await former.restart();
  t.diagnostic(`the Sentinels name the former one: ${(await servers.primary()) === former}`);
  const redis = connectRedis({ url: servers.url }, 'script');
  t.after(() => closeRedis(redis));
  assert.match(await redis.info('server'), new RegExp(`tcp_port:${new URL(taken.url).port}\\b`));
});

test('a name that no Sentinel knows, and Sentinels that are away, are told apart', async () => {
  const runner = await openCommandRunner();
  const says = async (url: string) => {
    const { code, stdout } = await runner.run(['doctor'], { env: { REDIS_URL: url } });
    assert.equal(code, 3, stdout);
    return stdout;
  };
  assert.match(
    await says(servers.url.replace('mymaster', 'other')),
    /of the name other\. \(E_REDIS_SENTINEL\)/,
  );
  assert.match(await says('redis+sentinel://127.0.0.1:1,127.0.0.1:2/m'), /ECONNREFUSED.*\(E_REDIS_DOWN\)/);
  const sentinel = servers.url.replace('redis+sentinel', 'redis').replace(/,.*/, '');
  assert.match(await says(sentinel), /E_REDIS_SENTINEL\)\n.*redis\+sentinel:/);
});
