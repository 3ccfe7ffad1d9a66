// Backups: of a fleet that works, into another Redis, where the crawl goes on.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeBackup } from '../../src/backup/backup.ts';
import { restoreBackup } from '../../src/backup/restore.ts';
import { watchKeys } from '../../src/backup/watched-keys.ts';
import { RESTORING } from '../../src/fleet/format.ts';
import { fleetOf } from '../../src/fleet.ts';
import { connectRedis } from '../../src/redis.ts';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { fillKeys, sumOf } from '../support/fleets/many-keys.ts';
import { openFleets } from '../support/fleets.ts';
import { startTestRedis } from '../support/redis.ts';
import { type DroverProcess, until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const PAGES = 300;

test('a crawl goes on in another Redis and namespace from a backup: each page once in the results, counters add up', async (t) => {
  const site = await startSite({ pages: PAGES, linksPerPage: 12, latencyMs: 10 });
  const first = await startTestRedis();
  t.after(() => Promise.all([site.stop(), first.stop()]));
  const runner = await openCommandRunner({ REDIS_URL: first.url, DROVER_NAMESPACE: 'one' });
  const file = runner.path('fleet.backup');
  const options = ['--crawl', 'c', '--ignore-robots', '--per-host', '3'];
  assert.equal((await runner.run(['enqueue', `${site.url}/`, ...options])).code, 0);
  assert.equal((await runner.run(['schedule', 'add', '@yearly', 'yearly', `${site.url}/`])).code, 0);
  const consumer = runner.start(['consume', '--quiet', '--processes', '1']);
  await until(async () => (await site.ended()) > 80, { what: 'some pages', deadlineMs: 30_000 });

  const [told] = await runner.json<{ entries: number; heldMs: number }>(['backup', file, '--json']);
  assert.ok((told?.entries ?? 0) > 20 && (told?.heldMs ?? 1e9) < 2000, JSON.stringify(told));
  const kept = await site.ended();
  await until(async () => (await site.ended()) > kept + 40, { what: 'further pages', deadlineMs: 30_000 });
  consumer.kill('SIGKILL');
  await first.stop();

  const there = { REDIS_URL: fleets.url, DROVER_NAMESPACE: 'two' };
  const inOther = (args: string[]) => runner.run(args, { env: there });
  const restored = await inOther(['restore', file]);
  assert.equal(restored.code, 0, restored.stderr);
  assert.match(restored.stderr, /keys of \{one:0\} as of .* are in \{two:0\}/);
  const status = async () => JSON.parse((await inOther(['status', 'c', '--json'])).stdout);
  const counts = await status();
  assertAddsUp(counts);
  assert.ok(counts.recorded > 0 && counts.waiting > 0, JSON.stringify(counts));
  assert.match((await inOther(['schedule', 'list'])).stdout, /yearly/);

  const next = runner.start(['consume', '--quiet', '--processes', '1'], { env: there });
  await until(async () => (await status()).state === 'finished', {
    what: 'the crawl to end',
    deadlineMs: 60_000,
    everyMs: 200,
  });
  next.kill('SIGTERM');
  assert.equal((await next.exit).code, 0, next.stderr());
  const end = await status();
  assertAddsUp(end);
  assert.deepEqual([end.recorded, end.accepted], [PAGES + 1, PAGES + 1]);
  const { stdout } = await inOther(['results', 'c']);
  const urls = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).url as string);
  assert.equal(urls.length, PAGES + 1);
  assert.equal(new Set(urls).size, PAGES + 1);

  const used = await inOther(['restore', file]);
  assert.deepEqual([used.code, /E_NAMESPACE_USED/.test(used.stderr)], [2, true], used.stderr);
  assert.equal((await status()).recorded, PAGES + 1);
  assert.equal((await inOther(['restore', file, '--force'])).code, 0);
  assert.equal((await status()).recorded, counts.recorded);
});

test('the copy is of one moment, whatever is written meanwhile, and what expires keeps its time', async () => {
  const COUNT = 4000;
  const [{ fleet, runner }, { fleet: other }] = [await fleets.open(), await fleets.open()];
  await fillKeys(fleet, COUNT);
  await fleet.redis.set(`${fleet.namespace}:idempotent:a`, 'soon', 'PX', 100_000);
  await fleet.redis.set(`${fleet.namespace}:idempotent:b`, 'now', 'PX', 1500);
  const writer = connectRedis({ url: fleets.url }, 'script');
  const move = `local a, b = KEYS[1] .. ARGV[1], KEYS[1] .. ARGV[2]
    redis.call('HINCRBY', a, 'n', -1); redis.call('HINCRBY', b, 'n', 1); redis.call('SET', KEYS[1] .. 'new:' .. ARGV[3], ARGV[3])`;
  let moves = 0;
  let isOver = false;
  const writing = (async () => {
    const any = () => String(Math.floor(Math.random() * COUNT));
    while (!isOver)
      await Promise.all(
        Array.from({ length: 20 }, () =>
          writer.call('EVAL', move, '1', `${fleet.namespace}:c:x:s:`, any(), any(), String(moves++)),
        ),
      );
  })();
  const file = runner.path('sum.backup');
  const { heldMs, rounds } = await writeBackup(fleet, file, false).finally(() => {
    isOver = true;
  });
  const movesThen = moves;
  await writing;
  writer.disconnect();
  assert.ok(movesThen > 200, `${movesThen} moves meanwhile`);
  assert.ok(heldMs < 2000, `${heldMs} ms, ${rounds} rounds`);
  await sleep(1600);
  await restoreBackup(other, file);
  assert.equal(await sumOf(other, COUNT), 100 * COUNT);
  const left = await other.redis.pttl(`${other.namespace}:idempotent:a`);
  assert.ok(left > 50_000 && left < 99_000, String(left));
  assert.equal(await other.redis.exists(`${other.namespace}:idempotent:b`), 0);
});

test('a broken backup changes nothing; a restore that was cut off keeps others out, and can be given again', async () => {
  const [{ fleet, runner }, opened] = [await fleets.open(), await fleets.open()];
  const { fleet: other } = opened;
  await fillKeys(fleet, 300);
  await fleet.redis.hset(fleet.keys.queueState, 'paused', '1');
  const file = runner.path('a.backup');
  await writeBackup(fleet, file, false);
  const nowhere = await runner.run(['backup', '/nowhere/a.backup']);
  assert.match(nowhere.stderr, / backup \/nowhere\/a\.backup: ENOENT/);
  for (const command of ['backup', 'restore'])
    assert.match((await runner.run([command, '-'])).stderr, /in a file or in s3:.*E_USAGE/s);
  await assert.rejects(writeBackup(fleet, file, false), { code: 'E_FILE_EXISTS' });
  const whole = await readFile(file);
  const cut = runner.path('cut.backup');
  await writeFile(cut, whole);
  await truncate(cut, whole.length - 1);
  const odd = runner.path('odd.backup');
  const flipped = Buffer.from(whole);
  flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 1;
  await writeFile(odd, flipped);
  for (const broken of [cut, odd])
    await assert.rejects(restoreBackup(other, broken, { force: true }), { code: 'E_BACKUP_BROKEN' });
  await assert.rejects(restoreBackup(other, runner.path('none')), { code: 'E_FILE' });
  assert.deepEqual(await other.redis.keys(`${other.namespace}:*`), []);

  await other.redis.set(other.keys.format, RESTORING);
  await other.redis.set(`${other.namespace}:c:x:s:7`, 'half of a restore');
  const look = await opened.runner.run(['status']);
  assert.deepEqual([look.code, /E_RESTORING/.test(look.stderr)], [3, true], look.stderr);
  const again = await opened.runner.run(['restore', file]);
  assert.match(again.stderr, /it was drained, and still is: .* resume$/m);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(await sumOf(other, 300), 30_000);

  await other.redis.zadd(other.keys.consumers, Date.now() + 60_000, 'alive|3');
  await assert.rejects(restoreBackup(other, file, { force: true }), { code: 'E_NAMESPACE_USED' });
});

test('a backup that is killed leaves no file, a restore that is killed nothing that can be opened; both can be given again', async () => {
  const COUNT = 8000;
  const [{ fleet, runner }, { fleet: other, runner: there }] = [await fleets.open(), await fleets.open()];
  await fillKeys(fleet, COUNT);
  const file = runner.path('killed.backup');
  const killAfter = async (drover: DroverProcess, ms: number) => {
    await sleep(ms);
    drover.kill('SIGKILL');
    return (await drover.exit).signal === 'SIGKILL';
  };
  let killed = 0;
  for (let ms = 400; !existsSync(file); ms += 120) {
    if (await killAfter(runner.start(['backup', file]), ms)) killed++;
    else assert.ok(existsSync(file), 'it was written before its end');
  }
  assert.ok(killed > 0);
  const format = () => other.redis.get(other.keys.format);
  const isRestoring = async () => (await format()) === String(RESTORING);
  const restore = there.start(['restore', file]);
  await until(isRestoring, { what: 'the restore has begun', everyMs: 1 });
  restore.kill('SIGKILL');
  assert.equal((await restore.exit).signal, 'SIGKILL');
  assert.ok(await isRestoring(), `${await format()}`);
  assert.equal((await there.run(['restore', file])).code, 0);
  assert.equal(await sumOf(other, COUNT), 100 * COUNT);
});

test('a user who may not hold the writes back is told what a backup needs', async () => {
  const { fleet, runner } = await fleets.open();
  const rules = ['on', '>word', '~*', '&*', '+@all', '-client|pause'];
  await fleets.redis.call('ACL', 'SETUSER', 'less', 'reset', ...rules);
  const redis = connectRedis({ url: fleets.url.replace('unix:', 'unix://less:word@localhost') }, 'script');
  const file = runner.path('less.backup');
  const wanted = { code: 'E_REDIS_RIGHTS', detail: /\+client\|pause/ };
  await assert.rejects(writeBackup(fleetOf(redis, fleet.namespace), file, false), wanted);
  redis.disconnect();
  assert.equal(existsSync(file), false);
});

test('writes go on by themselves when a backup dies while they wait', async () => {
  const { fleet } = await fleets.open();
  const watched = await watchKeys(fleet.redis, [fleet.namespace]);
  await watched.hold();
  watched.close();
  const from = performance.now();
  await fleet.redis.set(`${fleet.namespace}:crawls`, 'x');
  const waitedMs = performance.now() - from;
  assert.ok(waitedMs > 500 && waitedMs < 4000, String(waitedMs));
});
