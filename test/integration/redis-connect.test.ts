// What a user is told of a Redis that cannot be used, and that what can be used is used.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import test, { suite, type TestContext } from 'node:test';
import { inspect, promisify } from 'node:util';
import { DroverError, type ErrorCode } from '../../src/errors.ts';
import { checkRedis as check } from '../../src/redis/check.ts';
import { redisFailure } from '../../src/redis/failures.ts';
import { closeRedis, connectRedis, type Redis } from '../../src/redis.ts';
import { freePort, startTestRedis, type TestRedis, type TestRedisOptions } from '../support/redis.ts';

async function testRedis(t: TestContext, options?: TestRedisOptions): Promise<TestRedis> {
  const server = await startTestRedis(options);
  t.after(() => server.stop());
  return server;
}

function client(t: TestContext, url: string, role: 'worker' | 'producer' | 'script' = 'script'): Redis {
  const redis = connectRedis({ url }, role);
  t.after(() => closeRedis(redis));
  return redis;
}

const checkRedis = (redis: Redis) => check(redis, '{drover:0}');

/** The address must be refused with that code, in time, and the secret must appear nowhere. */
async function refused(t: TestContext, url: string, code: ErrorCode, withinMs = 3800): Promise<DroverError> {
  const before = Date.now();
  const error = await checkRedis(client(t, url)).then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof DroverError, inspect(error));
  assert.equal(error.code, code, error.message);
  assert.ok(Date.now() - before < withinMs, `took ${Date.now() - before} ms`);
  assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /s3cret/);
  return error;
}

/** A server that answers every line that begins a RESP command with what `answer` says of its first word. */
async function fakeRedis(t: TestContext, answer: (command: string) => string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      for (const [, words] of data.toString().matchAll(/\*\d+\r\n((?:\$\d+\r\n[^\r]*\r\n)+)/g)) {
        socket.write(
          answer(
            (words ?? '')
              .replace(/\$\d+\r\n/g, '')
              .replace(/\r\n/g, ' ')
              .trim(),
          ),
        );
      }
    });
  });
  return `redis://127.0.0.1:${await listen(t, server)}`;
}

async function listen(t: TestContext, server: Server): Promise<number> {
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.close());
  return port;
}

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

test('a sound Redis is accepted over a unix socket and over TCP, and its facts are told', async (t) => {
  const byPath = await testRedis(t);
  const byPort = await testRedis(t, { tcp: true, args: ['--appendfsync', 'everysec'] });
  const facts = await checkRedis(client(t, byPath.url));
  assert.match(facts.version ?? '', /^\d+\.\d+\.\d+/);
  assert.equal(facts.persistence, 'always');
  assert.equal(facts.policy, 'noeviction');
  assert.equal(facts.maxBytes, 0);
  assert.ok((facts.usedBytes ?? 0) > 0);
  assert.equal((await checkRedis(client(t, byPort.url))).persistence, 'everysec');
});

test('persistence is told: snapshots alone, and none', async (t) => {
  const snapshots = await testRedis(t, { args: ['--appendonly', 'no', '--save', '60 1'] });
  const none = await testRedis(t, { args: ['--appendonly', 'no'] });
  assert.equal((await checkRedis(client(t, snapshots.url))).persistence, 'rdb');
  assert.equal((await checkRedis(client(t, none.url))).persistence, 'none');
});

test('connections carry their role and process in CLIENT LIST', async (t) => {
  const server = await testRedis(t);
  const redis = client(t, server.url, 'worker');
  assert.match(String(await redis.client('LIST')), new RegExp(`name=drover:worker:${process.pid} `));
});

suite('what cannot be reached', { concurrency: true }, () => {
  test('a missing socket is E_REDIS_DOWN', async (t) => {
    await refused(t, 'unix:/nowhere/redis.sock', 'E_REDIS_DOWN');
  });

  test('a closed port and an unknown name are E_REDIS_DOWN, and say where', async (t) => {
    const port = await freePort();
    const closed = await refused(t, `redis://:s3cret@127.0.0.1:${port}`, 'E_REDIS_DOWN');
    assert.match(closed.message, new RegExp(`127\\.0\\.0\\.1:${port}: connect ECONNREFUSED`));
    const unknown = await refused(t, 'redis://:s3cret@no-such-name.invalid:6379', 'E_REDIS_DOWN');
    assert.match(unknown.message, /no-such-name\.invalid/);
  });

  test('a server that accepts and says nothing is E_REDIS_DOWN within the time', async (t) => {
    const server = createServer((socket) => socket.on('error', () => {}));
    await refused(t, `redis://127.0.0.1:${await listen(t, server)}`, 'E_REDIS_DOWN', 4500);
  });

  test('TLS to a port that speaks none is E_REDIS_DOWN with a hint', async (t) => {
    const { url } = await testRedis(t, { tcp: true });
    const error = await refused(t, url.replace('redis:', 'rediss:'), 'E_REDIS_DOWN', 4500);
    assert.match(error.message, /Does that port speak TLS/);
  });

  test('a process ends by itself when its only connection has been refused', async () => {
    const port = await freePort();
    const program = `
    import { checkRedis } from ${JSON.stringify(new URL('../../src/redis/check.ts', import.meta.url).href)};
    import { connectRedis } from ${JSON.stringify(new URL('../../src/redis.ts', import.meta.url).href)};
    await checkRedis(connectRedis({ url: 'redis://127.0.0.1:${port}' }, 'worker'), '{drover:0}').catch((e) => console.log(e.code));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    assert.equal(stdout, 'E_REDIS_DOWN\n');
  });
});

test('a wrong, a missing and a wrong user with password are E_REDIS_AUTH at once; the right one passes', async (t) => {
  const { url } = await testRedis(t, { tcp: true, args: ['--requirepass', 'right'] });
  await refused(t, url.replace('//', '//:s3cret@'), 'E_REDIS_AUTH', 1000);
  await refused(t, url.replace('//', '//nobody:s3cret@'), 'E_REDIS_AUTH', 1000);
  await refused(t, url, 'E_REDIS_AUTH', 1000);
  await checkRedis(client(t, url.replace('//', '//:right@')));
});

test('no listener for errors of the connection is handed the password', async (t) => {
  const { url } = await testRedis(t, { tcp: true, args: ['--requirepass', 'right'] });
  const redis = client(t, url.replace('//', '//:s3cret@'));
  const error = await new Promise((resolve) => redis.once('error', resolve));
  assert.match(inspect(error, { depth: 9 }), /WRONGPASS/);
  assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /s3cret/);
});

test('a password over a unix socket is used', async (t) => {
  const { url } = await testRedis(t, { args: ['--requirepass', 'ri/ght'] });
  await checkRedis(client(t, url.replace('unix:', 'unix://:ri%2Fght@localhost')));
});

test('an address that is none is E_SETTING and does not repeat the password', () => {
  for (const url of ['http://:s3cret@host', 'redis://:s3cret@host:99999', 'redis://h/x']) {
    assert.throws(
      () => connectRedis({ url }, 'script'),
      (error) =>
        error instanceof DroverError &&
        error.code === 'E_SETTING' &&
        !/s3cret/.test(inspect(error, { depth: 9 })),
    );
  }
});

test('a database number that the server does not have is E_SETTING, whenever it is asked', async (t) => {
  const { url } = await testRedis(t, { tcp: true });
  await refused(t, `${url}/99`, 'E_SETTING', 1000);
  const late = client(t, `${url}/99`);
  await new Promise((resolve) => late.once('ready', resolve));
  await assert.rejects(checkRedis(late), { code: 'E_SETTING' });
});

test('a replica, and a Redis that may evict, are refused', async (t) => {
  const primary = await testRedis(t, { tcp: true });
  const port = new URL(primary.url).port;
  const replica = await testRedis(t, { args: ['--replicaof', `127.0.0.1 ${port}`] });
  await refused(t, replica.url, 'E_REDIS_READONLY', 1500);
  const evicting = await testRedis(t, {
    args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'],
  });
  const error = await refused(t, evicting.url, 'E_REDIS_EVICTS', 1000);
  assert.match(error.message, /allkeys-lru/);
});

test('Redis 6.0 is refused, Redis 5 without HELLO too, and Valkey is accepted', async (t) => {
  const speak = (info: string, hello: string) => (command: string) => {
    if (/^hello/i.test(command)) return hello;
    if (/^info/i.test(command)) return bulk(info);
    return /^config/i.test(command) ? '*0\r\n' : '+OK\r\n';
  };
  const welcome = '%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n';
  const old = await fakeRedis(t, speak('redis_version:6.0.16\r\n', welcome));
  assert.match((await refused(t, old, 'E_REDIS_VERSION', 1000)).message, /6\.0\.16/);
  const older = await fakeRedis(
    t,
    speak('redis_version:5.0.7\r\n', "-ERR unknown command 'HELLO', with args beginning with: '3'\r\n"),
  );
  await refused(t, older, 'E_REDIS_VERSION', 1000);
  const valkey = await fakeRedis(t, speak('redis_version:7.2.4\r\nvalkey_version:8.0.1\r\n', welcome));
  assert.equal((await checkRedis(client(t, valkey))).server, 'Valkey 8.0.1');
});

test('a user who may run neither INFO nor CONFIG gets what is known', async (t) => {
  const acl = ['--user', ...'app on >pw ~* &* +@all -info -config'.split(' ')];
  const { url } = await testRedis(t, { tcp: true, args: acl });
  t.mock.method(console, 'warn', () => {});
  const facts = await checkRedis(client(t, url.replace('//', '//app:pw@')));
  assert.deepEqual([facts.version, facts.persistence, facts.policy], [null, null, null]);
});

test('a command sent as script survives kill -9 of Redis; one sent as producer fails within seconds', async (t) => {
  const server = await testRedis(t);
  const script = client(t, server.url);
  await script.set('kept', 'yes');
  const producer = client(t, server.url, 'producer');
  await producer.ping();
  server.kill();
  const waiting = script.get('kept');
  await assert.rejects(producer.get('kept'), (error) => redisFailure(error)?.code === 'E_REDIS_DOWN');
  await server.restart();
  assert.equal(await waiting, 'yes');
});

test('closing while Redis is away settles every command that waits, sent or not', async (t) => {
  const server = await testRedis(t);
  const redis = client(t, server.url);
  await redis.ping();
  process.kill(server.pid, 'SIGSTOP');
  const sent = redis.get('sent');
  server.kill();
  await new Promise((resolve) => redis.once('reconnecting', resolve));
  const queued = redis.get('queued');
  closeRedis(redis);
  await assert.rejects(sent, /closed/);
  await assert.rejects(queued, /closed/);
});

test('a first check waits for a Redis that comes up within three seconds', async (t) => {
  const server = await testRedis(t);
  server.kill();
  const checked = checkRedis(client(t, server.url));
  await server.restart();
  assert.equal((await checked).persistence, 'always');
});

test('errors of commands have their codes: out of memory, read-only, no permission; a mistake has none', async (t) => {
  const full = client(t, (await testRedis(t, { args: ['--maxmemory', '1mb'] })).url);
  const code = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error) => redisFailure(error)?.code ?? null,
    );
  assert.equal(
    await code(full.set('key', 'x'.repeat(2_000_000)).then(() => full.set('more', '1'))),
    'E_REDIS_MEMORY',
  );
  assert.equal(await code(full.eval('return nonsense(', 0)), null);
  const misconf = new Error('MISCONF Errors writing to the AOF file: No space left on device');
  assert.equal(redisFailure(misconf)?.code, 'E_DISK_FULL');
  assert.equal(
    redisFailure(new Error("READONLY You can't write against a read only replica."))?.code,
    'E_REDIS_READONLY',
  );
  assert.equal(redisFailure(new TypeError('x is not a function')), null);
  assert.equal(redisFailure('text'), null);
});
