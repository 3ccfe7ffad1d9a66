// What several processes see of one host at the same time: nothing of it is lost, and all hear of a pause.
import assert from 'node:assert/strict';
import test, { after, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Fleet, fleetOf } from '../../src/fleet.ts';
import type { Signal } from '../../src/politeness/answer-signal.ts';
import { type Backoff, createBackoff } from '../../src/politeness/host-backoff.ts';
import { createKeyEvents, type KeyEvents } from '../../src/politeness/key-events.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';

const server = await startTestRedis();
after(() => server.stop());

interface Process {
  fleet: Fleet;
  backoff: Backoff;
  keyEvents: KeyEvents;
}

/** What a consumer has of it; closed after the test. */
function processOf(context: TestContext, namespace: string): Process {
  const open = () => connectRedis({ url: server.url }, 'script');
  const [redis, subscriber] = [open(), open()];
  const fleet = fleetOf(redis, namespace);
  const onError = (error: unknown) => assert.fail(String(error));
  const keyEvents = createKeyEvents({ subscriber, fleet, onError, onFree: () => undefined });
  const backoff = createBackoff({ fleet, keyEvents, onError });
  context.after(async () => {
    await backoff.stop();
    for (const connection of [redis, subscriber]) closeRedis(connection);
  });
  return { fleet, backoff, keyEvents };
}

const answered = (kind: Signal['kind']) => ({
  ...{
    signal: { kind, named: null, quota: null },
    ageMs: 5,
    latencyMs: 20,
    longestMs: 300_000,
    timed: false,
  },
});

test('four processes that tell of one host at the same time lose no answer', async (t) => {
  const processes = Array.from({ length: 4 }, () => processOf(t, '{races:0}'));
  for (let round = 0; round < 10; round++) {
    const told = processes.map(({ backoff }) => {
      backoff.note('a.test', answered('good'));
      return backoff.tell('a.test');
    });
    await Promise.all(told);
  }
  const [first] = processes;
  const state = await first?.fleet.redis.hgetall(first.fleet.keys.limiter('a.test'));
  assert.equal(Number(state?.answers), 40);
});

test('the few good answers of a quiet host are told with its next failure', async (t) => {
  const { fleet, backoff } = processOf(t, '{quiet:0}');
  backoff.note('a.test', answered('good'));
  backoff.note('a.test', answered('good'));
  await setTimeout(2600);
  backoff.note('a.test', answered('failure'));
  await backoff.tell('a.test');
  const { answers, failures } = await fleet.redis.hgetall(fleet.keys.limiter('a.test'));
  assert.deepEqual([Number(answers), Number(failures)], [3, 1]);
});

test('a refusal pauses the host in this process at once, in all others soon, and refusals at the same time count as one', async (t) => {
  const processes = Array.from({ length: 3 }, () => processOf(t, '{pauses:0}'));
  const [first] = processes;
  assert.ok(first);
  await until(
    () => processes.every(({ keyEvents }) => keyEvents.listeningSinceMs() < Number.POSITIVE_INFINITY),
    {
      what: 'all to listen',
    },
  );
  first.backoff.note('a.test', answered('refusal'));
  assert.ok(first.keyEvents.pausedFor('a.test') > 400);
  await until(() => processes.every(({ keyEvents }) => keyEvents.pausedFor('a.test') > 0), {
    what: 'all to hear of the pause',
    deadlineMs: 400,
    everyMs: 1,
  });
  const named = null;
  const pauses = await Promise.all(
    processes.map(({ backoff }) => backoff.refused('a.test', { named, ageMs: 10_000, longestMs: 300_000 })),
  );
  for (const { pausedMs } of pauses) assert.ok(pausedMs > 0 && pausedMs <= 1000, String(pausedMs));
  assert.equal(await first.fleet.redis.hget(first.fleet.keys.limiter('a.test'), 'refusals'), '1');
  assert.deepEqual(await first.fleet.redis.zrange(first.fleet.keys.heldHosts, '0', '-1'), ['a.test']);
});

test('what a process sees of a failing host is known in the fleet within a second, whenever it comes', async (t) => {
  const { fleet, backoff } = processOf(t, '{soon:0}');
  const hosts = Array.from({ length: 8 }, (_, n) => `h${n}.test`);
  const told = await Promise.all(
    hosts.map(async (host, n) => {
      await setTimeout(n * 200);
      for (let failure = 0; failure < 10; failure++) backoff.note(host, answered('failure'));
      const since = performance.now();
      const isSlowed = async () => Number(await fleet.redis.hget(fleet.keys.limiter(host), 'pace')) > 0;
      await until(isSlowed, { what: `${host} to be slowed`, everyMs: 10 });
      return performance.now() - since;
    }),
  );
  assert.ok(Math.max(...told) < 1000, `${Math.round(Math.max(...told))} ms`);
});
