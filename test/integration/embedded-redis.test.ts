// The embedded Redis: one per data directory, alive for as long as somebody uses it, and no longer.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import {
  cleanUp,
  client,
  command,
  dataDirectory,
  isAlive,
  serverPid,
  started,
  until,
} from '../support/embedded.ts';

suite('life of the embedded Redis', { concurrency: 4 }, () => {
  test('is started on a private unix socket alone, with every write synced, and stops with its last user', async (t) => {
    const dataDir = dataDirectory(t);
    const user = command(t, dataDir);
    const { url } = await started(user);
    const redis = client(t, url);
    assert.deepEqual(await redis.config('GET', 'port'), ['port', '0']);
    assert.deepEqual(await redis.config('GET', 'appendfsync'), ['appendfsync', 'always']);
    assert.deepEqual(await redis.config('GET', 'maxmemory-policy'), ['maxmemory-policy', 'noeviction']);
    const mode = execFileSync('stat', [
      '-c',
      '%a',
      join(dataDir, 'redis'),
      join(dataDir, 'redis/redis.sock'),
    ]);
    assert.equal(mode.toString(), '700\n700\n');
    closeRedis(redis);
    const pid = serverPid(dataDir);
    await user.finish();
    assert.ok((await until('the server has stopped', () => !isAlive(pid))) < 1000);
  });

  test('is joined by a second command, which keeps it alive and its data', async (t) => {
    const dataDir = dataDirectory(t);
    const first = command(t, dataDir);
    const { url } = await started(first);
    const redis = connectRedis({ url }, 'script');
    await redis.set('kept', 'yes');
    closeRedis(redis);
    const second = command(t, dataDir);
    const joined = await started(second);
    assert.equal(joined.url, url);
    assert.ok(joined.ms < 150, `joining took ${joined.ms} ms`);
    const pid = serverPid(dataDir);
    await first.finish();
    assert.equal(await client(t, url).get('kept'), 'yes');
    assert.equal(serverPid(dataDir), pid);
  });

  test('commands that start together start one server', async (t) => {
    const dataDir = dataDirectory(t);
    const users = Array.from({ length: 5 }, () => command(t, dataDir));
    const urls = await Promise.all(users.map(async (user) => (await started(user)).url));
    assert.equal(new Set(urls).size, 1);
    const log = readFileSync(join(dataDir, 'redis/redis.log'), 'utf8');
    assert.equal(log.match(/ready to accept connections/g)?.length, 1);
  });

  test('commands that come while the last one leaves have a server that works', async (t) => {
    const dataDir = dataDirectory(t);
    let user = command(t, dataDir);
    await started(user);
    for (let round = 0; round < 6; round++) {
      const next = command(t, dataDir);
      const leaving = user.finish();
      const { url } = await started(next);
      assert.equal(await client(t, url).incr('rounds'), round + 1);
      await leaving;
      user = next;
    }
  });

  test('a command that comes while another may be stopping the server waits for the end of that', async (t) => {
    const dataDir = dataDirectory(t);
    const { url } = await started(command(t, dataDir));
    const redis = client(t, url);
    await redis.ping();
    const lock = join(dataDir, 'redis/lock');
    writeFileSync(lock, `${process.pid}\n`);
    const next = command(t, dataDir);
    const joined = started(next);
    let seen = 0;
    while (seen < 20)
      seen += Number(/name=drover:presence.*name=drover:presence/s.test(String(await redis.client('LIST'))));
    assert.equal(await Promise.race([joined, 'waiting']), 'waiting');
    rmSync(lock);
    assert.equal((await joined).url, url);
  });

  test('is gone a few seconds after kill -9 of its only user with its whole process group', async (t) => {
    const dataDir = dataDirectory(t);
    const user = command(t, dataDir);
    await started(user);
    const pid = serverPid(dataDir);
    process.kill(-(user.process.pid ?? 0), 'SIGKILL');
    await until('the server is gone', () => !isAlive(pid), 6000);
    await until('nothing is left behind', () => !existsSync(join(dataDir, 'redis/lock')));
  });

  test('stays after kill -9 of the command that started it while another uses it', async (t) => {
    const dataDir = dataDirectory(t);
    const starter = command(t, dataDir);
    await started(starter);
    const other = command(t, dataDir);
    const { url } = await started(other);
    const pid = serverPid(dataDir);
    starter.process.kill('SIGKILL');
    const redis = client(t, url);
    // The connection's name would count as a user.
    await redis.client('SETNAME', 'bystander');
    const since = Date.now();
    await until('more time has gone than an unused one gets', () => Date.now() - since > 5500);
    assert.equal(await redis.ping(), 'PONG');
    assert.equal(serverPid(dataDir), pid);
  });

  test('is started again with its data when it is killed, by any command that still runs', async (t) => {
    const dataDir = dataDirectory(t);
    const starter = command(t, dataDir);
    const { url } = await started(starter);
    const other = command(t, dataDir);
    await started(other);
    starter.process.kill('SIGKILL');
    const redis = client(t, url);
    for (let round = 1; round <= 3; round++) {
      assert.equal(await redis.incr('rounds'), round);
      const pid = serverPid(dataDir);
      process.kill(pid, 'SIGKILL');
      assert.equal(await redis.get('rounds'), String(round));
      assert.notEqual(serverPid(dataDir), pid);
      assert.equal(await other.next(), 'restarted');
    }
  });

  test('gets a new warden when its own is killed, and so still ends after kill -9 of its users', async (t) => {
    const dataDir = dataDirectory(t);
    const user = command(t, dataDir);
    await started(user);
    const pid = serverPid(dataDir);
    const wardenFile = join(dataDir, 'redis/warden.pid');
    const warden = Number(readFileSync(wardenFile, 'utf8'));
    process.kill(warden, 'SIGKILL');
    await until('there is a new warden', () => Number(readFileSync(wardenFile, 'utf8')) !== warden);
    user.process.kill('SIGKILL');
    await until('the server is gone', () => !isAlive(pid), 6000);
  });

  test('loads a large append-only file before it is handed out', async (t) => {
    const dataDir = dataDirectory(t);
    const user = command(t, dataDir);
    const { url } = await started(user);
    const redis = client(t, url);
    await redis.eval("for i = 1, 400000 do redis.call('SET', 'key' .. i, i) end", 0);
    closeRedis(redis);
    await user.finish();
    const again = command(t, dataDir);
    await started(again);
    assert.equal(await client(t, url).get('key400000'), '400000');
  });

  test('a server whose socket was deleted ends before another one writes into its file', async (t) => {
    const dataDir = dataDirectory(t);
    const user = command(t, dataDir);
    await started(user);
    const pid = serverPid(dataDir);
    rmSync(join(dataDir, 'redis/redis.sock'));
    const next = command(t, dataDir);
    const { url } = await started(next);
    assert.equal(isAlive(pid), false);
    assert.equal(await client(t, url).ping(), 'PONG');
  });

  test('is gone a few seconds after its data directory was removed and its users have ended', async (t) => {
    const dataDir = dataDirectory(t);
    const user = command(t, dataDir);
    await started(user);
    const pid = serverPid(dataDir);
    user.process.kill('SIGKILL');
    rmSync(dataDir, { recursive: true });
    await until('the server is gone', () => !isAlive(pid), 6000);
  });

  test('works in a directory whose path is too long for a socket, holds odd characters, or is a link', async (t) => {
    const odd = dataDirectory(t, `sp ace#ha?sh%20"é'`);
    assert.equal(await client(t, (await started(command(t, odd))).url).ping(), 'PONG');
    const deep = dataDirectory(t, join('d'.repeat(60), 'e'.repeat(60)));
    const first = await started(command(t, deep));
    cleanUp(t, () => rmSync(join(new URL(first.url).pathname, '..'), { recursive: true, force: true }));
    assert.ok(first.url.length < 110, first.url);
    const link = join(odd, 'link');
    symlinkSync(deep, link);
    assert.equal((await started(command(t, link, { TMPDIR: odd }))).url, first.url);
    assert.equal(await client(t, first.url).ping(), 'PONG');
  });

  test('stale locks of a crash are no obstacle', async (t) => {
    const dataDir = dataDirectory(t);
    const dead = spawnSync('true').pid;
    mkdirSync(join(dataDir, 'redis'), { recursive: true });
    writeFileSync(join(dataDir, 'redis/lock'), `${dead}\n`);
    writeFileSync(join(dataDir, 'redis/redis.pid'), `${process.pid}\n`);
    assert.ok((await started(command(t, dataDir))).url);
  });

  test('the stand-in for redis-cli answers as it does', async (t) => {
    const dataDir = dataDirectory(t);
    await started(command(t, dataDir));
    const wire = new URL('../../src/embedded/wire.ts', import.meta.url).pathname;
    const socket = join(dataDir, 'redis/redis.sock');
    const list = execFileSync(process.execPath, [wire, '-s', socket, 'client', 'list']).toString();
    assert.match(list, /id=\d+ .* name=drover:presence:/);
    assert.equal(spawnSync(process.execPath, [wire, '-s', '/nowhere', 'client', 'list']).status, 1);
  });
});
