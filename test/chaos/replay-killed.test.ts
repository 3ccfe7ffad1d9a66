import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import type { ReplayRun } from '../../src/dead/replay-runs.ts';
import type { DeadLetter } from '../../src/queue/dead-letters.ts';
import { assertAddsUp, type CommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { timesAsked } from '../support/politeness/auditor.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const LETTERS = 1000;
const HOSTS = 5;
const CANARY = 10;
const CONCURRENCY = 4;
const fleets = openFleets();

const lettersOf = (runner: CommandRunner) =>
  runner.json<DeadLetter>(['dead', 'list', '--json', '--limit', '2000']);

test('1,000 dead letters of four kinds on five hosts; the group of the repaired host is replayed, all is killed half-way and run again: recorded once, the rest untouched', async (t) => {
  const site = await startSite({
    pages: LETTERS / HOSTS,
    hosts: HOSTS,
    latencyMs: 30,
    bytes: 500,
    behaviours: {
      '//127.0.0.1/p/*': { status: 500 },
      '//127.0.0.2/p/*': { status: 404 },
      '//127.0.0.3/p/*': { reset: true },
      '//127.0.0.4/p/*': { status: 302, headers: { location: 'ftp://example.com/' } },
      '//127.0.0.5/p/*': { status: 500 },
    },
  });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const urls = site.urls.flatMap((host) =>
    Array.from({ length: LETTERS / HOSTS }, (_, page) => `${host}/p/${page}\n`),
  );
  await writeFile(runner.path('list.txt'), urls.join(''));
  const crawl = [
    'crawl',
    runner.path('list.txt'),
    '--crawl',
    'c',
    '--depth',
    '0',
    '--attempts',
    '1',
    '--dead-on',
    '404',
    '--ignore-robots',
    '--no-adaptive',
    '--per-host',
    '20',
    '-c',
    '60',
    '--quiet',
  ];
  assert.equal((await runner.run(crawl)).code, 1);
  const before = await lettersOf(runner);
  assert.equal(before.length, LETTERS);
  assert.deepEqual([...new Set(before.map(({ code }) => code))].sort(), [
    'E_HTTP_5XX',
    'E_HTTP_DEAD_STATUS',
    'E_REDIRECT_INVALID',
    'E_RESET',
  ]);

  await site.behave('//127.0.0.1/p/*', null);
  await site.clearLog();
  const host = new URL(site.url).host;
  const replay = [
    'dead',
    'replay',
    'c',
    '--host',
    host,
    '--code',
    'E_HTTP_5XX',
    '--canary',
    String(CANARY),
    '--wait',
    '--json',
  ];
  const consume = () => runner.start(['consume', '--processes', '2', '-c', String(CONCURRENCY), '--quiet']);

  const [consumers, waiting] = [consume(), runner.start(replay)];
  await until(async () => (await site.ended()) >= CANARY + 60, {
    what: 'the half of the way',
    deadlineMs: 30_000,
  });
  for (const { killGroup } of [waiting, consumers]) killGroup('SIGKILL');
  await Promise.all([waiting.exit, consumers.exit]);
  const half = await runner.status('c');
  assertAddsUp(half);
  assert.ok(
    half.recorded > CANARY && half.recorded < LETTERS / HOSTS,
    `killed half-way, at ${half.recorded}`,
  );

  const again = consume();
  const { code, stdout, stderr } = await runner.run(replay);
  assert.equal(code, 0, stderr);
  const [run] = (JSON.parse(stdout) as { runs: ReplayRun[] }).runs;
  assert.deepEqual(
    [run?.phase, run?.opened, run?.recorded, run?.dead],
    ['done', 200, 200, 0],
    'the same run, gone on with',
  );
  again.kill('SIGTERM');
  await again.exit;

  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded, counts.dead, counts.waiting], ['finished', 200, 800, 0]);
  const results = await runner.results('c');
  assert.equal(results.length, LETTERS);
  assert.equal(new Set(results.map(({ url }) => url)).size, LETTERS);
  assert.ok(results.every(({ ok, url }) => ok === (new URL(url).host === host)));
  const rest = before.filter((letter) => letter.host !== host);
  assert.deepEqual(await lettersOf(runner), rest, 'the rest are the very same letters');
  const log = await site.log();
  assert.ok(
    log.every((entry) => entry.host === host),
    'nobody else was asked',
  );
  const extra = log.length - LETTERS / HOSTS;
  t.diagnostic(`${extra} extra fetches`);
  assert.ok(extra <= 2 * CONCURRENCY && Math.max(...timesAsked(log).values()) <= 2, `${extra} extra fetches`);
});
