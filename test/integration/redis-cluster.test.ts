// A crawl in a Redis Cluster: the master that has its keys is killed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { crawlThrough } from '../support/redis-servers/crawl-through.ts';
import { type RedisServers, startCluster } from '../support/redis-servers/servers.ts';

let servers: RedisServers;
test.before(async () => {
  servers = await startCluster();
});
test.after(() => servers.stop());

test('a killed master holds a crawl up for seconds, and costs it nothing', async () => {
  const course = await crawlThrough(servers, { pages: 50, hosts: 8, latencyMs: 40, kills: 1 });
  assert.ok(
    course.heldUpMs.every((ms) => ms < 10_000),
    JSON.stringify(course),
  );
});

test('one node of it by redis:// is refused with the address to write; through the list, doctor is content', async () => {
  const [node] = servers.servers;
  const runner = await openCommandRunner();
  const alone = await runner.run(['doctor'], { env: { REDIS_URL: node?.url ?? '' } });
  assert.equal(alone.code, 3);
  assert.match(alone.stdout, /E_REDIS_CLUSTER\)\n.*redis\+cluster:/);
  const whole = await runner.run(['doctor'], { env: { REDIS_URL: servers.url } });
  assert.equal(whole.code, 0, whole.stdout);
  assert.match(whole.stdout, /failover/);
});
