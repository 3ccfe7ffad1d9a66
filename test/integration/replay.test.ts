// The core of dead letters: groups, attempts, canary runs, purge; with real crawls against a site that is repaired in between.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { ALL_DEAD, matchesLetter } from '../../src/crawl/dead-filter.ts';
import { groupKey } from '../../src/crawl/dead-index.ts';
import { deadLetters, pageOfDead, showDead, summarizeDead } from '../../src/crawl/dead-look.ts';
import { purgeDead } from '../../src/crawl/dead-purge.ts';
import { driveReplays, startReplay, stopReplay } from '../../src/crawl/dead-replay.ts';
import { lookAtReplay } from '../../src/crawl/dead-runs.ts';
import { type DeadLetter, letterOf } from '../../src/queue/dead-letters.ts';
import { openQueue, type RequestQueue } from '../../src/queue/queue.ts';
import type { Redis } from '../../src/redis.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site.ts';

const fleets = openFleets();
const PLAIN = { canary: 0, rate: 1, overrides: {} };
const QUICK = ['--depth', '0', '--ignore-robots', '--no-adaptive', '--quiet', '--backoff', '10'];

/** A crawl `c` with 30 dead letters at 127.0.0.1 (500) and 10 at 127.0.0.2 (a header cut off), whose command has ended. */
async function openGraveyard(t: test.TestContext, attempts = '1') {
  const site = await startSite({
    pages: 40,
    hosts: 2,
    behaviours: { '//127.0.0.1/p/*': { status: 500 }, '//127.0.0.2/p/*': { status: 404 } },
  });
  t.after(() => site.stop());
  const { desk, shard } = await fleets.open();
  const urls = Array.from({ length: 40 }, (_, page) => `${site.urls[page < 30 ? 0 : 1]}/p/${page}\n`);
  await writeFile(desk.path('list.txt'), urls.join(''));
  const command = [
    'crawl',
    desk.path('list.txt'),
    '--crawl',
    'c',
    '--dead-on',
    '404',
    '--attempts',
    attempts,
    ...QUICK,
  ];
  const { code, stderr } = await desk.run(command);
  assert.equal(code, 1, stderr);
  const { redis } = fleets;
  const parts = [redis, shard, openQueue(redis, shard)] as const;
  const consume = () => {
    const consumer = desk.start(['consume', '--quiet']);
    t.after(() => consumer.kill());
    return consumer;
  };
  const ended = (id: string) =>
    until(async () => (await lookAtReplay(redis, shard, id)).endedAt !== null, {
      what: `the end of run ${id}`,
      deadlineMs: 20_000,
    });
  return { site, desk, parts, consume, ended };
}

const all = async (parts: readonly [Redis, string, RequestQueue], filter = ALL_DEAD) => {
  const letters: DeadLetter[] = [];
  for await (const letter of deadLetters(...parts, filter)) letters.push(letter);
  return letters;
};

test('letters are grouped by code and host, paged without a gap, and each shows its attempts', async (t) => {
  const { parts } = await openGraveyard(t, '2');
  const groups = await summarizeDead(...parts, ALL_DEAD);
  assert.deepEqual(
    groups.map(({ code, count, layer }) => ({ code, count, layer })),
    [
      { code: 'E_HTTP_5XX', count: 30, layer: 'http' },
      { code: 'E_HTTP_DEAD_STATUS', count: 10, layer: 'http' },
    ],
  );
  const ids: string[] = [];
  for (let cursor: string | null = null, pages = 0; pages === 0 || cursor !== null; pages++) {
    const page = await pageOfDead(...parts, ALL_DEAD, cursor, 7);
    ids.push(...page.letters.map(({ jobId }) => jobId));
    cursor = page.next;
  }
  assert.equal(new Set(ids).size, 40);
  assert.equal(ids.length, 40);
  const { jobId = '' } = groups[0]?.sample ?? {};
  const letter = await showDead(...parts, jobId);
  assert.deepEqual(
    letter.tries.map(({ code, status, address }) => ({ code, status, address })),
    Array.from({ length: 2 }, () => ({ code: 'E_HTTP_5XX', status: 500, address: '127.0.0.1' })),
  );
  assert.ok(letter.tries.every(({ timings }) => timings.firstByte !== null));
  assert.equal((await all(parts, { ...ALL_DEAD, q: '/P/31' })).length, 1);
  assert.equal((await all(parts, { ...ALL_DEAD, attempts: 2 })).length, 30);
  await assert.rejects(showDead(...parts, 'c.none'), { code: 'E_LETTER_UNKNOWN' });
});

test('a canary that comes through lets the rest follow, one that fails stops the run; others are untouched', async (t) => {
  const { site, desk, parts, consume, ended } = await openGraveyard(t);
  const [redis, shard] = parts;
  consume();
  const gone = { ...ALL_DEAD, code: 'E_HTTP_DEAD_STATUS' };
  const [failing] = await startReplay(...parts, gone, { canary: 3, rate: 0.5, overrides: {} });
  assert.ok(failing);
  await ended(failing.id);
  const stopped = await lookAtReplay(redis, shard, failing.id);
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
  const { phase, recorded, dead, overrides } = await lookAtReplay(redis, shard, first?.id ?? '');
  assert.deepEqual([phase, recorded, dead], ['done', 30, 0]);
  assert.deepEqual(overrides.headers, { 'X-Again': '[redacted]' });
  const counts = await desk.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.recorded, counts.dead, counts.state], [30, 10, 'finished']);
  const log = (await site.log()).filter(({ path }) => path.startsWith('/p/'));
  assert.equal(log.length, 30);
  const results = await desk.results('c');
  assert.equal(results.length, 40);
  assert.equal(results.filter(({ ok }) => ok).length, 30);
  assert.equal(await redis.exists(groupKey(shard, 'E_HTTP_5XX', new URL(site.url).host)), 0);
});

test('a crawl with a replay at work is not finished between its canary and the rest', async (t) => {
  const { site, desk, parts } = await openGraveyard(t);
  await site.behave('//127.0.0.1/p/*', null);
  const filter = { ...ALL_DEAD, code: 'E_HTTP_5XX' };
  const [run] = await startReplay(...parts, filter, { canary: 1, rate: 1, overrides: {} });
  assert.deepEqual([run?.phase, run?.opened], ['canary', 1]);
  const { code } = await desk.run([
    'crawl',
    desk.path('list.txt'),
    '--crawl',
    'c',
    '--dead-on',
    '404',
    '--attempts',
    '1',
    ...QUICK,
  ]);
  assert.equal(code, 1);
  assert.equal((await desk.status('c')).recorded, 30);
});

test('a stopped run brings nothing more back; a cancelled crawl refuses what its replay had waiting, and its letters stay', async (t) => {
  const { desk, parts } = await openGraveyard(t);
  const [redis, shard] = parts;
  const [run] = await startReplay(
    ...parts,
    { ...ALL_DEAD, code: 'E_HTTP_5XX' },
    { canary: 2, rate: 1, overrides: {} },
  );
  const id = run?.id ?? '';
  assert.equal((await stopReplay(redis, shard, id)).phase, 'stopped');
  await driveReplays(...parts);
  assert.equal((await lookAtReplay(redis, shard, id)).opened, 2);
  assert.equal((await desk.run(['cancel', 'c'])).code, 0);
  await driveReplays(...parts);
  assert.equal((await lookAtReplay(redis, shard, id)).refused, 2);
  assert.equal((await all(parts)).length, 38);
  const [none] = await startReplay(...parts, { ...ALL_DEAD, code: 'E_HTTP_5XX' }, PLAIN);
  assert.equal(none?.opened, 0, 'letters of a cancelled crawl cannot be replayed');
});

test('what is purged is gone, and the crawl still counts it; the index is put right from the failed set', async (t) => {
  const { desk, parts } = await openGraveyard(t);
  const [redis, shard, queue] = parts;
  const gone = { ...ALL_DEAD, code: 'E_HTTP_DEAD_STATUS' };
  const jobs = (await queue.getJobs(['failed'])).filter((job) => matchesLetter(letterOf(job), gone));
  assert.equal(await purgeDead(redis, shard, jobs), 10);
  assert.equal(await purgeDead(redis, shard, jobs), 0);
  assert.equal((await desk.status('c')).dead, 40);
  assert.equal((await all(parts)).length, 30);
  for (const key of await redis.keys(`${shard}:dead:*`)) await redis.del(key);
  assert.equal((await summarizeDead(...parts, ALL_DEAD))[0]?.count, 30);
  for (const job of await queue.getJobs(['failed'])) await job.remove();
  assert.deepEqual(
    (await startReplay(...parts, ALL_DEAD, PLAIN)).map(({ opened }) => opened),
    [0],
  );
});
