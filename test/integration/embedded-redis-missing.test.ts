// What a command says when the embedded Redis cannot be used: no directory, no server, an old one, a full
// disk.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { cleanUp, client, command, dataDirectory, started } from '../support/embedded.ts';

suite('an embedded Redis that cannot be used', { concurrency: 4 }, () => {
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
