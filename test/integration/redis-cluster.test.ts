// A crawl in a Redis Cluster: the master that has its keys is killed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { freePort, startTestRedis } from '../support/redis.ts';
import { crawlThrough } from '../support/redis-servers/crawl-through.ts';
import { type RedisServers, startCluster } from '../support/redis-servers/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';

let servers: RedisServers;
test.before(async () => {
  servers = await startCluster();
});
test.after(() => servers.stop());

test('a master that hands over to its replica costs nothing, not even a second fetch', async () => {
  const course = await crawlThrough(servers, { pages: 40, hosts: 8, latencyMs: 40, kills: 1, by: 'switch' });
  assert.ok(
    course.heldUpMs.every((ms) => ms < 10_000),
    JSON.stringify(course),
  );
  assert.equal(course.twice, 0);
});

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

test('TLS, with the name of the certificate where the address is another', async (t) => {
  const dir = await temporaryDirectory('tls');
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const subject = ['-subj', '/CN=redis.example', '-addext', 'subjectAltName=DNS:redis.example'];
  const openssl = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject];
  execFileSync('openssl', openssl, { stdio: 'ignore' });
  const [port, bus] = [await freePort(), await freePort()];
  const server = await startTestRedis({
    tcp: true,
    args: [
      ...[
        '--cluster-enabled',
        'yes',
        '--cluster-port',
        `${bus}`,
        '--tls-port',
        `${port}`,
        '--tls-cluster',
        'yes',
      ],
      ...[
        '--tls-cert-file',
        cert,
        '--tls-key-file',
        key,
        '--tls-ca-cert-file',
        cert,
        '--tls-auth-clients',
        'no',
      ],
    ],
  });
  t.after(() => server.stop());
  const admin = connectRedis({ url: server.url }, 'producer');
  t.after(() => closeRedis(admin));
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  const runner = await openCommandRunner();
  const url = `rediss+cluster://127.0.0.1:${port}?cacert=${cert}`;
  const named = await runner.run(['doctor'], { env: { REDIS_URL: `${url}&servername=redis.example` } });
  assert.equal(named.code, 0, named.stdout);
  const unnamed = await runner.run(['doctor'], { env: { REDIS_URL: url } });
  assert.match(unnamed.stdout, /E_REDIS_TLS/);
});
