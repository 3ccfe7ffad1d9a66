import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { assertAddsUp, openCommandRunner, recordsOf } from '../support/crawls.ts';
import { timesAsked } from '../support/politeness/auditor.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const PAGES = 3000;
const CONCURRENCY = 20;
const KILLS = 5;

test('kill -9 of the whole process group at five random moments: the same set in the end, nothing lost, nothing twice', async (t) => {
  const site = await startSite({ pages: PAGES, latencyMs: 20 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const out = runner.path('pages.jsonl');
  const args = [
    'crawl',
    `${site.url}/`,
    '-o',
    out,
    '-c',
    String(CONCURRENCY),
    '--per-host',
    String(CONCURRENCY),
    '--quiet',
    '--crawl',
    'c',
  ];
  const fetched = () => site.ended();
  for (let kill = 0; kill < KILLS; kill++) {
    const before = await fetched();
    const started = performance.now();
    const drover = runner.start(args);
    await until(async () => (await fetched()) > before, {
      what: `fetching after kill ${kill}`,
      deadlineMs: 20_000,
    });
    const againMs = performance.now() - started;
    t.diagnostic(`fetching again ${againMs.toFixed(0)} ms after start ${kill}`);
    assert.ok(againMs < 5000, `fetching again after ${againMs} ms`);
    const enough = before + 50 + Math.random() * (PAGES / (KILLS + 2));
    await until(async () => (await fetched()) > enough, { what: 'some pages', deadlineMs: 30_000 });
    drover.killGroup('SIGKILL');
    await drover.exit;
  }
  const last = await runner.run(args);
  assert.equal(last.code, 0, last.stderr);
  const records = await recordsOf(out);
  const urls = new Set(records.map(({ url }) => url));
  assert.equal(records.length, PAGES + 1);
  assert.equal(urls.size, PAGES + 1);
  assert.ok(records.every(({ ok }) => ok));
  const extra = (await site.log()).filter(({ path }) => path !== '/robots.txt').length - (PAGES + 1);
  t.diagnostic(`${extra} extra fetches over ${KILLS} kills`);
  assert.ok(extra <= CONCURRENCY * KILLS, `${extra} extra fetches`);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded], ['finished', PAGES + 1]);
});

test('kill -9 of redis-server alone: it comes again, and the crawl goes on in the same process', async (t) => {
  const site = await startSite({ pages: 1500, latencyMs: 20 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const drover = runner.start([
    'crawl',
    `${site.url}/`,
    '-c',
    '20',
    '--per-host',
    '20',
    '--quiet',
    '--crawl',
    'c',
  ]);
  let killed = 0;
  for (let kill = 0; kill < 3; kill++) {
    const before = await site.ended();
    await until(async () => (await site.ended()) > before + 150, {
      what: 'some pages',
      deadlineMs: 30_000,
    });
    const pid = await redisPid(join(runner.dir, 'data'));
    assert.notEqual(pid, killed, 'another one runs by now');
    process.kill(pid, 'SIGKILL');
    killed = pid;
  }
  const { code } = await drover.exit;
  assert.equal(code, 0, drover.stderr());
  const records = await runner.results('c');
  assert.equal(new Set(records.map(({ url }) => url)).size, 1501);
  assert.equal(records.length, 1501);
  const most = Math.max(
    ...timesAsked((await site.log()).filter(({ path }) => path !== '/robots.txt')).values(),
  );
  assert.ok(most <= 4, `a page was fetched ${most} times`);
  assertAddsUp(await runner.status('c'));
});

/** Of the server that works in this data directory; of the next one as soon as that has written its own. */
async function redisPid(dataDir: string): Promise<number> {
  return Number(await readFile(join(dataDir, 'redis', 'redis.pid'), 'utf8'));
}
