// What drover doctor finds in set-ups that are sound, risky and broken.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Check } from '../../cli/doctor/check.ts';
import { runChecks } from '../../cli/doctor-checks.ts';
import { defaultSettings, type Settings } from '../../src/config/settings.ts';
import { freePort, startTestRedis } from '../support/redis.ts';

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'drover-doctor-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function redisWith(t: TestContext, ...args: string[]): Promise<string> {
  const server = await startTestRedis({ args });
  t.after(() => server.stop());
  return server.url;
}

async function examine(
  t: TestContext,
  url: string,
  changes: Partial<Settings> = {},
): Promise<Map<string, Check>> {
  const settings = { ...defaultSettings, dataDir: directory(t), ...changes };
  const checks = await runChecks({ settings, address: { url } });
  return new Map(checks.map((each) => [each.name, each]));
}

test('a sound set-up passes every check, without advice', async (t) => {
  const checks = await examine(t, await redisWith(t));
  const names = [
    'Node',
    'redis-server',
    'Redis',
    'persistence',
    'eviction',
    'memory',
    'clock',
    'data directory',
  ];
  assert.deepEqual([...checks.keys()].slice(0, 8), names);
  for (const name of [...names, 'open files']) {
    assert.equal(checks.get(name)?.ok, 'yes', name);
    assert.equal(checks.get(name)?.advice, null, name);
  }
});

test('persistence that may lose requests is told with what it may lose', async (t) => {
  const everysec = await examine(t, await redisWith(t, '--appendfsync', 'everysec'));
  assert.equal(everysec.get('persistence')?.ok, 'warn');
  assert.match(everysec.get('persistence')?.says ?? '', /at most the last second/);
  const none = await examine(t, await redisWith(t, '--appendonly', 'no'));
  assert.equal(none.get('persistence')?.ok, 'no');
  assert.match(none.get('persistence')?.advice ?? '', /appendfsync always/);
});

test('a Redis near its memory limit is told', async (t) => {
  const checks = await examine(t, await redisWith(t, '--maxmemory', '1100kb'));
  assert.equal(checks.get('memory')?.ok, 'warn');
});

test('a Redis that cannot be used is told with its code and advice; the other checks are made all the same', async (t) => {
  const away = await examine(t, `redis://:s3cret@127.0.0.1:${await freePort()}`);
  assert.equal(away.get('Redis')?.ok, 'no');
  assert.match(away.get('Redis')?.says ?? '', /E_REDIS_DOWN/);
  assert.doesNotMatch(JSON.stringify([...away]), /s3cret/);
  assert.equal(away.has('persistence'), false);
  assert.equal(away.get('data directory')?.ok, 'yes');
  const evicting = await examine(t, await redisWith(t, '--maxmemory-policy', 'allkeys-lru'));
  assert.match(evicting.get('Redis')?.says ?? '', /E_REDIS_EVICTS/);
});

test('a data directory that cannot be written, and too many fetches for the open files, are told', async (t) => {
  const file = join(directory(t), 'file');
  writeFileSync(file, '');
  const checks = await examine(t, await redisWith(t), {
    dataDir: join(file, 'below'),
    concurrency: 100_000_000,
  });
  assert.match(checks.get('data directory')?.says ?? '', /E_DATA_DIR/);
  assert.equal(checks.get('open files')?.ok, 'no');
  assert.match(checks.get('open files')?.advice ?? '', /ulimit -n 200000100/);
});

test('the name servers that were chosen are listed', async (t) => {
  const checks = await examine(t, await redisWith(t), { dnsServers: ['127.0.0.1:5353'] });
  assert.equal(checks.get('name servers')?.says, '127.0.0.1:5353');
});
