// Every process of drover ends when it is told to, whatever it waits for, and with the process that started
// it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keysOf, namespaceOf } from '../../src/keys.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { isAlive } from '../support/embedded.ts';
import { childrenOf } from '../support/fleets/consumer-processes.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type DroverProcess, spawnProgram, until } from '../support/signals.ts';

/** Long enough that a test sees whether a command waits for it. */
const GRACE = '20s';
const SOON_MS = 6000;

async function ownRedis(t: TestContext): Promise<TestRedis> {
  const redis = await startTestRedis();
  t.after(() => redis.stop());
  return redis;
}

/** A site of two pages. */
async function twoPages(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html').end(request.url === '/' ? '<a href="/b">b</a>' : 'b');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function endsSoon(drover: DroverProcess, codes: (number | null)[]): Promise<void> {
  const before = performance.now();
  drover.kill('SIGTERM');
  const { code } = await drover.exit;
  const tookMs = performance.now() - before;
  assert.ok(tookMs < SOON_MS, `${tookMs} ms\n${drover.stderr()}`);
  assert.ok(codes.includes(code), `exit ${code}\n${drover.stderr()}`);
}

test('consume ends at once while Redis is frozen, at its start as well as later', async (t) => {
  const redis = await ownRedis(t);
  const runner = await openCommandRunner({ REDIS_URL: redis.url, DROVER_GRACE: GRACE });
  const first = runner.start(['consume']);
  await first.line(/^consuming with/);
  process.kill(redis.pid, 'SIGSTOP');
  await endsSoon(first, [0, 130]);
  process.kill(redis.pid, 'SIGCONT');
  const second = runner.start(['consume']);
  await second.line(/^consuming with/);
  await until(async () => (await runner.run(['status', '--json'])).code === 0, { what: 'Redis to answer' });
  process.kill(redis.pid, 'SIGSTOP');
  await endsSoon(second, [0, 130]);
});

test('crawl ends at the first signal while Redis is away and nothing is in flight, enqueue too', async (t) => {
  const redis = await ownRedis(t);
  const site = await twoPages(t);
  const runner = await openCommandRunner({ REDIS_URL: redis.url, DROVER_GRACE: GRACE });
  const crawl = runner.start(['crawl', site, '--ignore-robots', '--delay', '1h', '--crawl', 'c']);
  await crawl.line(/^crawl c/);
  await until(async () => (await runner.status('c')).recorded === 1, {
    what: 'the first page',
    everyMs: 100,
  });
  const enqueue = runner.start(['enqueue', site, '--crawl', 'd']);
  process.kill(redis.pid, 'SIGSTOP');
  await endsSoon(crawl, [130]);
  await endsSoon(enqueue, [130, null, 3]);
});

test('the first signal leaves the fetch in flight its grace, the second ends crawl and consume at once', async (t) => {
  const redis = await ownRedis(t);
  let asked = 0;
  const silent = createServer(() => void asked++).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close().closeAllConnections());
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  const runner = await openCommandRunner({ REDIS_URL: redis.url, DROVER_GRACE: GRACE });
  const endsAtSecond = async (drover: DroverProcess) => {
    await until(() => asked > 0, { what: 'a fetch in flight', deadlineMs: 20_000 });
    drover.kill('SIGINT');
    await drover.line(/^stopping after the fetches in flight/);
    assert.equal(await Promise.race([drover.exit, sleep(1500, 'goes on')]), 'goes on');
    const before = performance.now();
    drover.kill('SIGINT');
    assert.equal((await drover.exit).code, 130);
    assert.ok(performance.now() - before < 1500, `${performance.now() - before} ms`);
    asked = 0;
  };
  await endsAtSecond(runner.start(['crawl', url, '--ignore-robots', '--crawl', 'c']));
  await runner.run(['enqueue', url, '--ignore-robots', '--crawl', 'd']);
  await endsAtSecond(runner.start(['consume']));
});

test('a command ends after its grace and ten seconds, whatever it waits for', {
  timeout: 15_000,
}, async () => {
  const interrupt = new URL('../../cli/command/interrupt.ts', import.meta.url).href;
  const script = `
    import { onInterrupt } from ${JSON.stringify(interrupt)};
    onInterrupt({ note: console.log }, -9000, () => console.log('at once'));
    setInterval(() => {}, 1000);
    console.log('ready');`;
  const program = spawnProgram(['--input-type=module', '-e', script]);
  await program.line(/^ready/);
  program.kill('SIGTERM');
  await program.line(/^stopping/);
  const { code } = await program.exit;
  assert.deepEqual([code, /^at once/m.test(program.stdout())], [130, true]);
});

test('children end with a parent that was killed, also while Redis is frozen', async (t) => {
  const redis = await ownRedis(t);
  const runner = await openCommandRunner({ REDIS_URL: redis.url, DROVER_GRACE: '1s' });
  const parent = runner.start(['consume', '--processes', '2']);
  await parent.line(/^consuming in 2/);
  const children = await until(
    () => {
      const found = childrenOf(parent.child.pid ?? 0);
      return found.length === 2 && found;
    },
    { what: 'two children' },
  );
  const admin = connectRedis({ url: redis.url }, 'script');
  t.after(() => closeRedis(admin));
  const { consumers } = keysOf(namespaceOf('drover'));
  // At its start a child would end by itself, because its Redis does not answer.
  await until(async () => (await admin.zcard(consumers)) === 2, {
    what: 'both to consume',
    deadlineMs: 20_000,
  });
  process.kill(redis.pid, 'SIGSTOP');
  parent.kill('SIGKILL');
  await until(() => !children.some(isAlive), { what: 'their end', deadlineMs: 15_000 });
});

test('SIGTERM to npm ends the consumer that npm run has started', async (t) => {
  const redis = await ownRedis(t);
  const dir = mkdtempSync(join(tmpdir(), 'drover-npm-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, REDIS_URL: redis.url, DROVER_DATA_DIR: dir };
  const args = ['run', 'drover', '--ignore-scripts', '--', 'consume'];
  const npm = spawn('npm', args, { cwd: join(import.meta.dirname, '../..'), env, detached: true });
  t.after(() => {
    try {
      process.kill(-(npm.pid ?? 0), 'SIGKILL');
    } catch {} // all have ended
  });
  let said = '';
  npm.stderr.on('data', (piece) => {
    said += piece;
  });
  await until(() => said.includes('consuming with'), { what: `the consumer: ${said}`, deadlineMs: 30_000 });
  const started = childrenOf(npm.pid ?? 0);
  assert.ok(started.length > 0);
  npm.kill('SIGTERM');
  await until(() => !started.some(isAlive), { what: 'the end of the consumer' });
});
