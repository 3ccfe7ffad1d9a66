// Replays that meet with something: other drivers, a stop, a cancel that was cut off, a pause, a purge.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ALL_DEAD } from '../../src/dead/filter.ts';
import { groupKey, pagesByAge } from '../../src/dead/groups.ts';
import { purgeDead } from '../../src/dead/purge.ts';
import { driveReplays, startReplay, stopReplay } from '../../src/dead/replay.ts';
import { createRun, endRun, letRestFollow, lookAtReplay } from '../../src/dead/replay-runs.ts';
import { countReplayable } from '../../src/dead/replayable.ts';
import { pageOfDead } from '../../src/dead/shards/letters.ts';
import { steer } from '../../src/frontier/steer.ts';
import { requestIn } from '../../src/queue/job-data.ts';
import { lettersOf, openDeadLetterFixture } from '../support/dead-letter-fixture.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();
const BROKEN = { ...ALL_DEAD, code: 'E_HTTP_5XX' };
const ask = { code: 'E_TLS', host: 'a', filter: ALL_DEAD, canary: 1, rate: 1, total: 1, overrides: {} };

test('of many that begin the same run one wins; one that has ended is not joined, whatever was left of it', async () => {
  const { redis } = fleets;
  const { fleet, namespace } = await fleets.open();
  const ids = await Promise.all(Array.from({ length: 10 }, () => createRun(fleet, ask)));
  assert.equal(new Set(ids).size, 1);
  assert.equal((await redis.keys(`${namespace}:replay:*`)).length, 1, 'nothing is left of the others');
  const [id = ''] = ids;
  await endRun(fleet, id, 'done');
  assert.equal(await redis.hlen(`${namespace}:replays:open`), 0);
  const next = await createRun(fleet, ask);
  // As a crash of an older version left it: ended, and still named as the one at work.
  await redis.hset(`${namespace}:replay:${next}`, 'endedAt', Date.now());
  assert.notEqual(await createRun(fleet, ask), next);
  await redis.del(`${namespace}:replay:${id}`);
  await endRun(fleet, id, 'stopped');
  assert.equal(await redis.exists(`${namespace}:replay:${id}`), 0, 'a run that is forgotten stays so');
});

test('letters of a cancelled crawl are left where they are, and keep nobody from the others of their group', async (t) => {
  const { parts, runner } = await openDeadLetterFixture(t, fleets);
  const [fleet, queue] = parts;
  const before = await countReplayable(fleet, queue, BROKEN);
  const [group] = before.groups;
  assert.ok(group && before.cancelled === 0);
  assert.equal((await runner.run(['resume', 'c'])).code, 2);
  await fleet.redis.hset(fleet.keys.crawl('c'), 'state', 'cancelled'); // as `drover cancel` leaves a crawl with dead letters
  assert.deepEqual(await countReplayable(fleet, queue, BROKEN), {
    groups: [],
    cancelled: group.count,
  });
  assert.deepEqual(
    await startReplay(fleet, queue, BROKEN, { canary: 5, rate: 1, overrides: {} }),
    [],
    'nothing begins that could not end',
  );
  // One that was at work already ends.
  const how = {
    filter: BROKEN,
    code: group.code,
    host: group.host,
    canary: 5,
    rate: 1,
    total: 1,
    overrides: {},
  };
  const id = await createRun(fleet, how);
  await driveReplays(fleet, queue);
  assert.equal((await lookAtReplay(fleet, id)).phase, 'done');
});

test('a run that is stopped goes on no more, though a driver was about to let the rest follow', async () => {
  const { fleet } = await fleets.open();
  const id = await createRun(fleet, ask);
  await stopReplay(fleet, id);
  assert.equal(await letRestFollow(fleet, id), false);
  await endRun(fleet, id, 'done');
  assert.equal((await lookAtReplay(fleet, id)).phase, 'stopped');
});

test('a group is gone through once, however many die in one millisecond and whatever is removed meanwhile', async () => {
  const { redis } = fleets;
  const { fleet } = await fleets.open();
  const key = groupKey(fleet, 'E_TLS', 'a');
  const members = Array.from(
    { length: 1500 },
    (_, index) => [index < 900 ? 5 : index, `c.${index}`] as const,
  );
  await redis.zadd(key, ...members.flat());
  const seen: string[] = [];
  for await (const page of pagesByAge(redis, key, -Infinity, 1400)) {
    seen.push(...page.map(({ jobId }) => jobId));
    // Half of what was given, as a driver does; some of it by another driver, from further on.
    const gone = page.filter((_, index) => index % 2 === 0).map(({ jobId }) => jobId);
    await redis.zrem(key, ...gone);
  }
  assert.equal(seen.length, 1401);
  assert.equal(new Set(seen).size, 1401);
});

test('a cursor whose letter is gone stands where that stood, among those of the same millisecond too', async (t) => {
  const { parts, shards } = await openDeadLetterFixture(t, fleets);
  const [{ redis }, queue] = parts;
  const failed = queue.toKey('failed');
  const all = await lettersOf(parts);
  await redis.zadd(failed, ...all.flatMap(({ jobId }) => [1000, jobId]));
  const first = await pageOfDead(shards, ALL_DEAD, null, 15);
  await redis.zrem(failed, first.letters.at(-1)?.jobId ?? '');
  const second = await pageOfDead(shards, ALL_DEAD, first.next, 100);
  const ids = [...first.letters, ...second.letters].map(({ jobId }) => jobId);
  assert.equal(new Set(ids).size, 40);
  assert.equal(ids.length, 40);
});

test('a cancel that was cut off before it dropped anything leaves no run at work for ever', async (t) => {
  const { parts } = await openDeadLetterFixture(t, fleets);
  const [fleet] = parts;
  const [run] = await startReplay(...parts, BROKEN, { canary: 3, rate: 0, overrides: {} });
  const id = run?.id ?? '';
  await steer(fleet, 'c', 'cancel');
  for (let step = 0; step < 3; step++) await driveReplays(...parts);
  const { phase, opened, refused } = await lookAtReplay(fleet, id);
  assert.deepEqual([phase, opened, refused], ['done', 3, 3]);
  assert.equal((await lettersOf(parts)).length, 37, 'those of a cancelled crawl stay');
});

test('a canary of a paused crawl waits, letters that are purged meanwhile are not waited for', async (t) => {
  const { site, runner, parts, consume, ended } = await openDeadLetterFixture(t, fleets);
  const [fleet, queue] = parts;
  await site.behave('//127.0.0.1/p/*', null);
  const [run] = await startReplay(...parts, BROKEN, { canary: 2, rate: 1, overrides: {} });
  const id = run?.id ?? '';
  assert.equal((await runner.run(['pause', 'c'])).code, 0);
  consume();
  assert.equal(await purgeDead(fleet, await queue.getJobs(['failed'])), 38);
  await driveReplays(...parts);
  const waiting = await lookAtReplay(fleet, id);
  assert.deepEqual([waiting.phase, waiting.opened, waiting.recorded], ['canary', 2, 0]);
  assert.equal((await runner.run(['resume', 'c'])).code, 0);
  await ended(id);
  const { phase, opened, recorded, total } = await lookAtReplay(fleet, id);
  assert.deepEqual([phase, opened, recorded, total], ['done', 2, 2, 30]);
});

test('a letter that was replayed and died once more is not purged for what it was', async (t) => {
  const { runner, parts, command } = await openDeadLetterFixture(t, fleets);
  const [fleet, queue] = parts;
  const jobs = await queue.getJobs(['failed']);
  await startReplay(...parts, { ...BROKEN, q: '/p/7' }, { canary: 0, rate: 1, overrides: {} });
  assert.equal(
    await purgeDead(
      fleet,
      jobs.filter(({ data }) => requestIn(data).url.endsWith('/p/7')),
    ),
    0,
    'it waits',
  );
  assert.equal((await runner.run(command)).code, 1);
  assert.equal(await purgeDead(fleet, jobs), 39);
  const [left] = await lettersOf(parts);
  assert.match(left?.url ?? '', /\/p\/7$/);
  assert.equal(await fleet.redis.zcard(groupKey(fleet, 'E_HTTP_5XX', left?.host ?? '')), 1);
});
