// The core of dead letters: groups, attempts, canary runs, purge; with real crawls against a site that is
// repaired in between.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ALL_DEAD, matchesLetter } from '../../src/dead/filter.ts';
import { groupKey } from '../../src/dead/groups.ts';
import { purgeDead } from '../../src/dead/purge.ts';
import { summarizeDead } from '../../src/dead/read.ts';
import { driveReplays, startReplay, stopReplay } from '../../src/dead/replay.ts';
import { lookAtReplay } from '../../src/dead/replay-runs.ts';
import { pageOfDead, showDead } from '../../src/dead/shards/letters.ts';
import { letterOf } from '../../src/queue/dead-letters.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { lettersOf, openDeadLetterFixture } from '../support/dead-letter-fixture.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();
const PLAIN = { canary: 0, rate: 1, overrides: {} };
const open = (t: test.TestContext, attempts?: string) => openDeadLetterFixture(t, fleets, attempts);

test('letters are grouped by code and host, paged without a gap, and each shows its attempts', async (t) => {
  const { parts, shards } = await open(t, '2');
  const groups = await summarizeDead(shards, ALL_DEAD);
  assert.deepEqual(
    groups.map(({ code, count, layer }) => ({ code, count, layer })),
    [
      { code: 'E_HTTP_5XX', count: 30, layer: 'http' },
      { code: 'E_HTTP_DEAD_STATUS', count: 10, layer: 'http' },
    ],
  );
  const ids: string[] = [];
  for (let cursor: string | null = null, pages = 0; pages === 0 || cursor !== null; pages++) {
    const page = await pageOfDead(shards, ALL_DEAD, cursor, 7);
    ids.push(...page.letters.map(({ jobId }) => jobId));
    cursor = page.next;
  }
  assert.equal(new Set(ids).size, 40);
  assert.equal(ids.length, 40);
  const { jobId = '' } = groups[0]?.sample ?? {};
  const letter = await showDead(shards, jobId);
  assert.deepEqual(
    letter.tries.map(({ code, status, address }) => ({ code, status, address })),
    Array.from({ length: 2 }, () => ({ code: 'E_HTTP_5XX', status: 500, address: '127.0.0.1' })),
  );
  assert.ok(letter.tries.every(({ timings }) => timings.firstByte !== null));
  assert.equal((await lettersOf(parts, { ...ALL_DEAD, q: '/P/31' })).length, 1);
  assert.equal((await lettersOf(parts, { ...ALL_DEAD, attempts: 2 })).length, 30);
  await assert.rejects(showDead(shards, 'c.none'), { code: 'E_LETTER_UNKNOWN' });
});

test('a canary that comes through lets the rest follow, one that fails stops the run; others are untouched', async (t) => {
  const { site, runner, parts, consume, ended } = await open(t);
  const [fleet] = parts;
  consume();
  const gone = { ...ALL_DEAD, code: 'E_HTTP_DEAD_STATUS' };
  const [failing] = await startReplay(...parts, gone, { canary: 3, rate: 0.5, overrides: {} });
  assert.ok(failing);
  await ended(failing.id);
  const stopped = await lookAtReplay(fleet, failing.id);
  assert.deepEqual([stopped.phase, stopped.opened, stopped.dead, stopped.total], ['stopped', 3, 3, 10]);

  await site.behave('//127.0.0.1/p/*', null);
  await site.clearLog();
  const broken = { ...ALL_DEAD, code: 'E_HTTP_5XX' };
  const how = { canary: 5, rate: 1, overrides: { headers: { 'X-Again': 'yes' }, attempts: 3 } };
  const [first] = await startReplay(...parts, broken, how);
  const [second] = await startReplay(...parts, broken, how);
  assert.equal(first?.id, second?.id, 'the same replay is joined');
  await Promise.all(Array.from({ length: 5 }, () => driveReplays(...parts)));
  await ended(first?.id ?? '');
  const { phase, recorded, dead, overrides } = await lookAtReplay(fleet, first?.id ?? '');
  assert.deepEqual([phase, recorded, dead], ['done', 30, 0]);
  assert.deepEqual(overrides.headers, { 'X-Again': '[redacted]' });
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.recorded, counts.dead, counts.state], [30, 10, 'finished']);
  const log = (await site.log()).filter(({ path }) => path.startsWith('/p/'));
  assert.equal(log.length, 30);
  const results = await runner.results('c');
  assert.equal(results.length, 40);
  assert.equal(results.filter(({ ok }) => ok).length, 30);
  assert.equal(await fleet.redis.exists(groupKey(fleet, 'E_HTTP_5XX', new URL(site.url).host)), 0);
});

test('a crawl with a replay at work is not finished between its canary and the rest', async (t) => {
  const { site, runner, parts, command } = await open(t);
  await site.behave('//127.0.0.1/p/*', null);
  const filter = { ...ALL_DEAD, code: 'E_HTTP_5XX' };
  const [run] = await startReplay(...parts, filter, { canary: 1, rate: 1, overrides: {} });
  assert.deepEqual([run?.phase, run?.opened], ['canary', 1]);
  const { code } = await runner.run(command);
  assert.equal(code, 1);
  assert.equal((await runner.status('c')).recorded, 30);
});

test('a stopped run brings nothing more back; a cancelled crawl refuses what its replay had waiting, and its letters stay', async (t) => {
  const { runner, parts } = await open(t);
  const [fleet] = parts;
  const [run] = await startReplay(
    ...parts,
    { ...ALL_DEAD, code: 'E_HTTP_5XX' },
    { canary: 2, rate: 1, overrides: {} },
  );
  const id = run?.id ?? '';
  assert.equal((await stopReplay(fleet, id)).phase, 'stopped');
  await driveReplays(...parts);
  assert.equal((await lookAtReplay(fleet, id)).opened, 2);
  assert.equal((await runner.run(['cancel', 'c'])).code, 0);
  await driveReplays(...parts);
  assert.equal((await lookAtReplay(fleet, id)).refused, 2);
  assert.equal((await lettersOf(parts)).length, 38);
  const none = await startReplay(...parts, { ...ALL_DEAD, code: 'E_HTTP_5XX' }, PLAIN);
  assert.deepEqual(none, [], 'letters of a cancelled crawl cannot be replayed');
});

test('what is purged is gone, and the crawl still counts it; the index is put right from the failed set', async (t) => {
  const { runner, parts, shards } = await open(t);
  const [fleet, queue] = parts;
  const gone = { ...ALL_DEAD, code: 'E_HTTP_DEAD_STATUS' };
  const jobs = (await queue.getJobs(['failed'])).filter((job) => matchesLetter(letterOf(job), gone));
  assert.equal(await purgeDead(fleet, jobs), 10);
  assert.equal(await purgeDead(fleet, jobs), 0);
  assert.equal((await runner.status('c')).dead, 40);
  assert.equal((await lettersOf(parts)).length, 30);
  for (const key of await fleet.redis.keys(`${fleet.namespace}:dead:*`)) await fleet.redis.del(key);
  assert.equal((await summarizeDead(shards, ALL_DEAD))[0]?.count, 30);
  for (const job of await queue.getJobs(['failed'])) await job.remove();
  assert.deepEqual(
    (await startReplay(...parts, ALL_DEAD, PLAIN)).map(({ opened }) => opened),
    [0],
  );
});
