// The embedded Redis: one per data directory, alive for as long as somebody uses it, and no longer.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeRedis, connectRedis, type Redis } from '../../src/redis.ts';

const module = new URL('../../src/embedded/embedded-redis.ts', import.meta.url).href;
const program = `
  const { ensureEmbeddedRedis, keepEmbeddedRedis } = await import(${JSON.stringify(module)});
  const before = performance.now();
  try {
    const { url } = await ensureEmbeddedRedis(process.argv[1]);
    const keeper = keepEmbeddedRedis(process.argv[1], {
      onRestart: () => console.log('restarted'),
      onFailure: (error) => console.log(error.code),
    });
    console.log(JSON.stringify({ url, ms: performance.now() - before }));
    process.stdin.once('end', () => keeper.close()).resume();
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, message: error.message }));
  }`;

const cleanUps = new WeakMap<TestContext, (() => void | Promise<void>)[]>();

/** As t.after(), but the last first: users end before their server, and that before its directory goes. */
function cleanUp(t: TestContext, work: () => void | Promise<void>): void {
  const works = cleanUps.get(t) ?? [];
  if (works.length === 0) {
    cleanUps.set(t, works);
    t.after(async () => {
      for (const each of works.toReversed()) await each();
    });
  }
  works.push(work);
}

interface Command {
  readonly process: ChildProcess;
  /** The next line that it prints. */
  next(): Promise<string>;
  /** Ends it in good order. */
  finish(): Promise<void>;
}

/** A command that uses the embedded Redis until it is told to finish. */
function command(t: TestContext, dataDir: string, env: NodeJS.ProcessEnv = {}): Command {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, ...env },
  });
  cleanUp(t, () => {
    child.kill('SIGKILL');
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    process: child,
    next: async () => (await lines.next()).value ?? '',
    async finish() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

interface Started {
  url: string;
  ms: number;
  code?: string;
  message?: string;
}

async function started(user: Command): Promise<Started> {
  return JSON.parse(await user.next()) as Started;
}

function dataDirectory(t: TestContext, name = 'data'): string {
  const parent = mkdtempSync(join(tmpdir(), 'drover-embedded-'));
  cleanUp(t, async () => {
    const pid = serverPid(join(parent, name));
    if (pid && isAlive(pid)) process.kill(pid, 'SIGKILL');
    if (pid) await until('the server is gone', () => !isAlive(pid));
    rmSync(parent, { recursive: true, force: true, maxRetries: 5 });
  });
  return join(parent, name);
}

function serverPid(dataDir: string): number {
  const file = join(dataDir, 'redis/redis.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(what: string, holds: () => boolean, withinMs = 8000): Promise<number> {
  const before = Date.now();
  while (!holds()) {
    assert.ok(Date.now() - before < withinMs, `not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
  return Date.now() - before;
}

function client(t: TestContext, url: string): Redis {
  const redis = connectRedis({ url }, 'script');
  cleanUp(t, () => closeRedis(redis));
  return redis;
}

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

suite('an embedded Redis that cannot be had', { concurrency: 4 }, () => {
  test('a data directory that cannot be made is E_DATA_DIR', async (t) => {
    const dataDir = dataDirectory(t);
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'file'), '');
    const { code, message } = await started(command(t, join(dataDir, 'file/below')));
    assert.equal(code, 'E_DATA_DIR');
    assert.match(message ?? '', /file\/below/);
    if (process.platform !== 'linux') return;
    assert.equal((await started(command(t, '/proc/drover/data'))).code, 'E_DATA_DIR');
  });

  test('no redis-server on the PATH is E_REDIS_MISSING', async (t) => {
    assert.equal((await started(command(t, dataDirectory(t), { PATH: '/nowhere' }))).code, 'E_REDIS_MISSING');
  });

  test('a redis-server older than 6.2 is E_REDIS_VERSION and says which', async (t) => {
    const path = fakeServer(t, 'echo "Redis server v=6.0.16 sha=00000000:0 malloc=libc bits=64 build=0"');
    const { code, message } = await started(command(t, dataDirectory(t), { PATH: path }));
    assert.equal(code, 'E_REDIS_VERSION');
    assert.match(message ?? '', /6\.0\.16/);
  });

  test('one that fails to start is E_REDIS_START with the end of its log, a full disk E_DISK_FULL', async (t) => {
    const failing = (says: string) =>
      fakeServer(
        t,
        `[ "$1" = --version ] && echo "Redis server v=7.2.0" && exit\necho "${says}" >&2; exit 1`,
      );
    const start = await started(command(t, dataDirectory(t), { PATH: failing('Bad file format') }));
    assert.equal(start.code, 'E_REDIS_START');
    assert.match(start.message ?? '', /Bad file format/);
    const full = await started(command(t, dataDirectory(t), { PATH: failing('No space left on device') }));
    assert.equal(full.code, 'E_DISK_FULL');
  });

  test('a disk that fills up under way is told as E_DISK_FULL to the command that keeps it', async (t) => {
    const dataDir = dataDirectory(t);
    mkdirSync(dataDir);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dataDir]).status !== 0) {
      return t.skip('a small file system can be mounted by root alone');
    }
    cleanUp(t, () => {
      spawnSync('umount', ['-l', dataDir]);
    });
    const user = command(t, dataDir);
    const { url } = await started(user);
    const redis = client(t, url);
    redis.set('large', 'x'.repeat(4_000_000)).catch(() => {});
    assert.equal(await user.next(), 'E_DISK_FULL');
  });
});

/** A PATH whose redis-server is that script. */
function fakeServer(t: TestContext, script: string): string {
  const bin = mkdtempSync(join(tmpdir(), 'drover-bin-'));
  cleanUp(t, () => rmSync(bin, { recursive: true, force: true }));
  writeFileSync(join(bin, 'redis-server'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'redis-server'), 0o755);
  return `${bin}:/usr/bin:/bin`;
}
