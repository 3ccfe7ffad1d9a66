// Each kind of Redis that does not fit: doctor, enqueue, consume and /readyz say the same code, and the words
// that tell what to change. A Redis whose user may not ask INFO works.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { runChecks } from '../../cli/doctor-checks.ts';
import { defaultSettings } from '../../src/config/settings.ts';
import { openFleet } from '../../src/fleet/format.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { freePort, startTestRedis } from '../support/redis.ts';
import { startSite } from '../support/site/site.ts';
import { temporaryDirectory } from '../support/temporary.ts';

interface Kind {
  name: string;
  /** Options of redis-server. */
  args?: string[];
  /** The rights of a user whom the address names. */
  acl?: string;
  code: string;
  words: RegExp;
  /** Whether each command is run, in a process of its own. */
  everywhere?: true;
}

const kinds: Kind[] = [
  {
    name: 'a cluster node',
    args: ['--cluster-enabled', 'yes'],
    code: 'E_REDIS_CLUSTER',
    words: /redis\+cluster:/,
    everywhere: true,
  },
  {
    name: 'a cluster node that does not say so',
    args: ['--cluster-enabled', 'yes'],
    acl: '~* &* +@all -@dangerous',
    code: 'E_REDIS_CLUSTER',
    words: /CLUSTERDOWN/,
  },
  {
    name: 'one that evicts',
    args: ['--maxmemory-policy', 'allkeys-lru'],
    code: 'E_REDIS_EVICTS',
    words: /allkeys-lru.*CONFIG SET maxmemory-policy noeviction/,
  },
  { name: 'one without Lua', args: ['--rename-command', 'EVAL', ''], code: 'E_REDIS_LUA', words: /eval/ },
  {
    name: 'one without ZADD',
    args: ['--rename-command', 'ZADD', ''],
    code: 'E_REDIS_COMMAND',
    words: /no ZADD/,
  },
  {
    name: 'no channels',
    acl: '~* +@all resetchannels',
    code: 'E_REDIS_RIGHTS',
    words: /ACL SETUSER app &\{drover:0\}:\*/,
    everywhere: true,
  },
  {
    name: 'no keys',
    acl: '~x:* &* +@all',
    code: 'E_REDIS_RIGHTS',
    words: /ACL SETUSER app ~\{drover:0\}:\*/,
  },
  { name: 'no ZADD', acl: '~* &* +@all -zadd', code: 'E_REDIS_RIGHTS', words: /ACL SETUSER app \+zadd/ },
  { name: 'no MULTI', acl: '~* &* +@all -multi', code: 'E_REDIS_RIGHTS', words: /ACL SETUSER app \+multi/ },
  { name: 'no SUBSCRIBE', acl: '~* &* +@all -subscribe', code: 'E_REDIS_RIGHTS', words: /\+subscribe/ },
];

async function addressOf(t: TestContext, { args = [], acl }: Kind): Promise<string> {
  const user = acl === undefined ? [] : ['--user', 'app', 'on', '>pw', ...acl.split(' ')];
  const server = await startTestRedis({ tcp: true, args: [...args, ...user] });
  t.after(() => server.stop());
  return acl === undefined ? server.url : server.url.replace('//', '//app:pw@');
}

async function saysEverywhere(url: string, code: string, words: RegExp): Promise<void> {
  const runner = await openCommandRunner({ REDIS_URL: url });
  const [doctor, enqueue, consume] = await Promise.all([
    runner.run(['doctor']),
    runner.run(['enqueue', 'http://127.0.0.1:9/']),
    runner.run(['consume']),
  ]);
  assert.equal(doctor.code, 3, doctor.stdout + doctor.stderr);
  assert.match(doctor.stdout, new RegExp(code));
  assert.match(doctor.stdout, words);
  for (const { code: exit, stderr } of [enqueue, consume]) {
    assert.equal(exit, 3, stderr);
    assert.match(stderr, new RegExp(code));
    assert.doesNotMatch(stderr, /\n {4}at |defect/);
  }
}

/** The same without a process for each: what doctor finds, and what every command checks at its start. */
async function saysAtStart(url: string, code: string, words: RegExp): Promise<void> {
  const settings = { ...defaultSettings, dataDir: await temporaryDirectory('kinds') };
  const checks = await runChecks({ settings, address: { url } });
  assert.match(checks.find(({ name }) => name === 'Redis')?.says ?? '', new RegExp(code));
  assert.match(JSON.stringify(checks), words);
  const address = { url, namespace: '{drover:0}' };
  const opening = openFleet(connectRedis(address, 'script'), { address, role: 'script', shards: null });
  await assert.rejects(opening, { code });
}

for (const kind of kinds) {
  test(`${kind.name}: ${kind.code}, with what to change`, async (t) => {
    const says = kind.everywhere ? saysEverywhere : saysAtStart;
    await says(await addressOf(t, kind), kind.code, kind.words);
  });
}

test('/readyz says when the rights of its user are taken away', async (t) => {
  const url = await addressOf(t, { name: '', acl: '~* &* +@all', code: '', words: /./ });
  const runner = await openCommandRunner({ REDIS_URL: url });
  const serving = runner.start(['serve', '--port', '0', '--processes', '0']);
  const [api = ''] = /http:\/\/\S+/.exec(await serving.line(/^listening on /)) ?? [];
  const admin = connectRedis({ url }, 'script');
  t.after(() => closeRedis(admin));
  await admin.call('ACL', 'SETUSER', 'app', '-zadd');
  const answer = await fetch(`${api}/readyz`);
  assert.deepEqual([answer.status, await answer.json()], [503, { status: 'redis', code: 'E_REDIS_RIGHTS' }]);
});

test('a replica is refused, also when it does not say what it is', async (t) => {
  const primary = await startTestRedis({ tcp: true });
  t.after(() => primary.stop());
  const args = ['--replicaof', '127.0.0.1', new URL(primary.url).port];
  const base = { name: '', args, code: '', words: /./ };
  await saysAtStart(await addressOf(t, base), 'E_REDIS_READONLY', /primary in REDIS_URL/);
  const silent = await addressOf(t, { ...base, acl: '~* &* +@all -@dangerous' });
  await saysAtStart(silent, 'E_REDIS_READONLY', /READONLY/);
});

test('a web server, TLS at the wrong port and an unknown CA are told apart', async (t) => {
  const web = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(web, 'listening');
  t.after(() => web.close());
  await saysAtStart(
    `redis://127.0.0.1:${(web.address() as AddressInfo).port}`,
    'E_REDIS_PROTOCOL',
    /web server/,
  );

  const dir = await temporaryDirectory('tls');
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
    { stdio: 'ignore' },
  );
  const port = await freePort();
  const tls = [
    '--tls-port',
    String(port),
    '--tls-cert-file',
    cert,
    '--tls-key-file',
    key,
    '--tls-ca-cert-file',
    cert,
  ];
  const server = await startTestRedis({ tcp: true, args: tls });
  t.after(() => server.stop());
  await saysAtStart(`redis://127.0.0.1:${port}`, 'E_REDIS_DOWN', /speaks TLS, use rediss:/);
  await saysAtStart(`rediss://127.0.0.1:${port}`, 'E_REDIS_TLS', /cacert=/);
  await saysAtStart(`rediss://127.0.0.1:${port}?cacert=${cert}`, 'E_REDIS_TLS', /cert=.*key=/);
  const runner = await openCommandRunner();
  const whole = `rediss://127.0.0.1:${port}?cacert=${cert}&cert=${cert}&key=${key}`;
  const fits = await runner.run(['doctor'], { env: { REDIS_URL: whole } });
  assert.equal(fits.code, 0, fits.stdout + fits.stderr);
});

test('a user who may not ask INFO, as managed Redis has it, crawls to the end', async (t) => {
  const url = await addressOf(t, {
    name: '',
    acl: '~{drover:0}:* &{drover:0}:* +@all -@dangerous',
    code: '',
    words: /./,
  });
  const site = await startSite({ pages: 12 });
  t.after(() => site.stop());
  const runner = await openCommandRunner({ REDIS_URL: url });
  const doctor = await runner.run(['doctor']);
  assert.equal(doctor.code, 0, doctor.stdout);
  assert.match(doctor.stdout, /WARN {2}Redis: answers, and its user has the rights.*'info'/);
  const crawl = await runner.run([
    'crawl',
    `${site.url}/`,
    '--depth',
    '1',
    '--ignore-robots',
    '--crawl',
    'c',
  ]);
  assert.equal(crawl.code, 0, crawl.stderr);
  assert.doesNotMatch(crawl.stderr, /ready check|highly recommended|NOPERM/);
  assert.equal((await runner.status('c')).state, 'finished');
});
