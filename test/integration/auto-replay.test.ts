// Automatic replay: one letter of a host that was down is tried now and then; the others follow when it comes
// through.
import assert from 'node:assert/strict';
import test from 'node:test';
import { replayDowned, waitAfter } from '../../src/dead/auto-replay.ts';
import { ALL_DEAD } from '../../src/dead/filter.ts';
import { listReplays } from '../../src/dead/replay-runs.ts';
import { groupOf } from '../../src/frontier/replay.ts';
import { createLog } from '../../src/log.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { lettersOf, openDeadLetterFixture } from '../support/dead-letter-fixture.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const log = await createLog({ level: 'silent' });
const DAY_MS = 86_400_000;

test('a host that was down and answers again gets all its letters back, without a command; others are left alone', async (t) => {
  const { site, runner, parts, consume } = await openDeadLetterFixture(t, fleets);
  const [fleet] = parts;
  consume('--auto-replay', '300ms');
  consume('--auto-replay', '300ms');
  const failedOnce = async () => (await listReplays(fleet)).some(({ phase }) => phase === 'stopped');
  await until(failedOnce, { what: 'a canary that fails', deadlineMs: 20_000 });
  await site.behave('//127.0.0.1/p/*', null);
  await until(async () => (await runner.status('c')).recorded === 30, {
    what: 'all of them',
    deadlineMs: 20_000,
    everyMs: 300,
  });
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.equal(counts.dead, 10);
  const runs = await listReplays(fleet);
  assert.ok(runs.every(({ code, canary, rate }) => code === 'E_HTTP_5XX' && canary === 1 && rate === 1));
  assert.ok(
    runs.filter(({ phase }) => phase === 'stopped').every(({ opened }) => opened === 1),
    'one letter a try',
  );
  assert.equal((await lettersOf(parts, { ...ALL_DEAD, code: 'E_HTTP_DEAD_STATUS' })).length, 10);
});

test('one run for each group at a time; each try that fails doubles the wait, one that succeeds forgets it', async (t) => {
  const { site, parts, runner, command } = await openDeadLetterFixture(t, fleets);
  const [fleet, queue] = parts;
  const round = () => replayDowned({ fleet, queue, log }, 60_000);
  const group = groupOf('E_HTTP_5XX', new URL(site.url).host);
  const memory = async () =>
    JSON.parse((await fleet.redis.hget(`${fleet.namespace}:dead:auto`, group)) ?? 'null');
  const rest = async () => ((await memory()).nextAt - Date.now()) / 60_000;
  /** As when the time has come. */
  const due = async () =>
    fleet.redis.hset(
      `${fleet.namespace}:dead:auto`,
      group,
      JSON.stringify({ ...(await memory()), nextAt: 0 }),
    );

  for (const minutes of [2, 4]) {
    assert.equal(await round(), 1);
    assert.equal(await round(), 0, 'a run is at work on it');
    assert.equal((await runner.run(command)).code, 1);
    assert.equal(await round(), 0, 'it failed: not at once again');
    assert.ok(Math.abs((await rest()) - minutes) < 0.5, `${await rest()} minutes`);
    assert.equal(await round(), 0);
    await due();
  }
  await site.behave('//127.0.0.1/p/*', null);
  assert.equal(await round(), 1);
  assert.equal((await runner.run(command)).code, 1);
  assert.equal((await runner.status('c')).recorded, 30);
  assert.equal(await round(), 0);
  assert.equal(await memory(), null, 'nothing is remembered of a host that is well');
});

test('the wait grows to a day, or stays the interval where that is longer', () => {
  assert.deepEqual(
    [0, 1, 5].map((failed) => waitAfter(failed, 1000)),
    [1000, 2000, 32_000],
  );
  assert.equal(waitAfter(60, 1000), DAY_MS);
  assert.equal(waitAfter(3, 2 * DAY_MS), 2 * DAY_MS);
});
