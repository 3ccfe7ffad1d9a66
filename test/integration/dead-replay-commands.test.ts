// drover dead replay, replays and stop as a user has them.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ReplayRun } from '../../src/dead/replay-runs.ts';
import type { DeadLetter } from '../../src/queue/dead-letters.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openDeadLetterFixture } from '../support/dead-letter-fixture.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();

test('a replay with overrides runs as a canary first; --wait tells how many came through, and the exit code too', async (t) => {
  const { site, runner, consume } = await openDeadLetterFixture(t, fleets);
  const dry = await runner.run(['dead', 'replay', 'c', '--dry-run', '--json']);
  assert.equal(JSON.parse(dry.stdout).replayed, 40);
  assert.equal((await runner.status('c')).waiting, 0, 'nothing moved');

  const begun = await runner.run(['dead', 'replay', 'c', '--code', 'E_HTTP_5XX']);
  assert.match(
    begun.stderr,
    /1 replay: 5 dead letters are waiting again, 25 will follow when those are recorded/,
  );
  const [run] = await runner.json<ReplayRun>(['dead', 'replays', '--json']);
  assert.deepEqual([run?.phase, run?.canary, run?.rate, run?.opened], ['canary', 5, 0.8, 5]);
  const still = runner.start(['dead', 'replay', 'c', '--code', 'E_HTTP_5XX', '--wait']);
  await still.line(/1 replay: 5 dead letters are waiting/);
  still.kill('SIGINT');
  assert.equal((await still.exit).code, 130);
  assert.equal(
    (await runner.json<ReplayRun>(['dead', 'replays', '--json'])).length,
    1,
    'the same run is joined, and goes on',
  );

  consume();
  const failed = await runner.run(['dead', 'replay', 'c', '--code', 'E_HTTP_5XX', '--wait']);
  assert.equal(failed.code, 1);
  assert.match(
    failed.stderr,
    /0 of 5 recorded, 5 failed again, 25 stay dead; stopped, because too few were recorded/,
  );

  await site.behave('//127.0.0.1/p/*', null);
  await site.clearLog();
  const how = [
    '--canary',
    '3',
    '--rate',
    '1',
    '--attempts',
    '2',
    '--header',
    'X-Again: yes',
    '--timeout-read',
    '5s',
    '--delay',
    '1ms',
  ];
  const wait = await runner.run(['dead', 'replay', '--code', 'E_HTTP_5XX', '--wait', '--json', ...how]);
  assert.equal(wait.code, 0, wait.stderr);
  const { runs, replayed } = JSON.parse(wait.stdout) as { runs: ReplayRun[]; replayed: number };
  assert.deepEqual([replayed, runs[0]?.recorded, runs[0]?.phase], [30, 30, 'done']);
  assert.deepEqual(runs[0]?.overrides, {
    attempts: 2,
    timeouts: { read: 5000 },
    headers: { 'x-again': '[redacted]' },
    delayMs: 1,
  });
  assert.equal((await site.log()).length, 30);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.recorded, counts.dead], [30, 10]);
});

test('a stopped replay brings nothing more back', async (t) => {
  const { runner } = await openDeadLetterFixture(t, fleets);
  await runner.run(['dead', 'replay', '--all', '--canary', '2']);
  const runs = await runner.json<ReplayRun>(['dead', 'replays', '--json']);
  assert.equal(runs.length, 2);
  for (const { id } of runs) {
    const { code, stderr } = await runner.run(['dead', 'stop', id]);
    assert.equal(code, 0);
    assert.match(stderr, /0 of 2 recorded, (28|8) stay dead; stopped/);
  }
  assert.equal((await runner.json<DeadLetter>(['dead', 'list', '--json', '--limit', '100'])).length, 36);
});
