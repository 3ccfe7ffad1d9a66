// Dead letters of a fleet with several shards: shown in one order, replayed, exported and purged on all of
// them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import type { DeadGroup } from '../../src/dead/read.ts';
import type { ReplayRun } from '../../src/dead/replay-runs.ts';
import { type Fleet, shardOf } from '../../src/fleet.ts';
import type { DeadLetter } from '../../src/queue/dead-letters.ts';
import { startApi } from '../support/api/api.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const HOSTS = 16;
const PAGES = 8;
const fleets = openFleets();
const flags = ['--scope', 'any', '--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];

/** A crawl `c` that has ended: page 3 of each host is dead, and page 1 of the first two. */
async function openDead(t: TestContext) {
  const site = await startCrossingSite(HOSTS, PAGES);
  t.after(() => site.close());
  site.fails = (host, page) => page === 3 || (page === 1 && host <= 2);
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '4' });
  const command = ['crawl', site.url, '--crawl', 'c', '--attempts', '1', '--backoff', '10', ...flags];
  const crawl = await runner.run(command);
  assert.equal(crawl.code, 1, crawl.stderr);
  const list = () => runner.json<DeadLetter>(['dead', 'list', '--json', '--limit', '200']);
  return { site, runner, fleet, command, list };
}

const shardsOf = (fleet: Fleet, letters: readonly DeadLetter[]) =>
  new Set(letters.map(({ host }) => shardOf(fleet, host).shard));

test('letters of all shards are listed newest first, paged without a gap, grouped, shown, exported', async (t) => {
  const { runner, fleet, list } = await openDead(t);
  const letters = await list();
  assert.equal(letters.length, HOSTS + 2);
  assert.ok(shardsOf(fleet, letters).size > 2, 'on more than two shards');
  const times = letters.map(({ failedAt }) => failedAt);
  assert.deepEqual(times, times.toSorted().reverse(), 'newest first');
  const file = runner.path('dead.ndjson');
  assert.equal((await runner.run(['dead', 'export', '-o', file])).code, 0);
  const exported = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  assert.deepEqual(
    exported.map((line) => JSON.parse(line).jobId),
    letters.map(({ jobId }) => jobId),
  );
  const far = letters.find(({ host }) => shardOf(fleet, host).shard > 0);
  assert.ok(far, 'one is not at home');
  for (const named of [far.jobId, far.url]) {
    const [shown] = await runner.json<DeadLetter>(['dead', 'show', named, '--json']);
    assert.equal(shown?.url, far.url);
  }
  const groups = await runner.json<DeadGroup>(['dead', 'summary', '--json', '--host', far.host]);
  assert.deepEqual(
    groups.map(({ host, count }) => [host, count]),
    [[far.host, letters.filter(({ host }) => host === far.host).length]],
  );

  const api = await startApi({ runner });
  t.after(() => api.drover.kill());
  const paged: string[] = [];
  for (let path = '/v1/dead?limit=5'; path !== ''; ) {
    const { json } = await api.call('GET', path);
    paged.push(...json.letters.map(({ jobId }: DeadLetter) => jobId));
    path = json.next === null ? '' : `/v1/dead?limit=5&cursor=${json.next}`;
  }
  assert.deepEqual(
    paged,
    letters.map(({ jobId }) => jobId),
  );
  const summary = await api.call('GET', '/v1/dead/summary');
  assert.equal(summary.json.groups.length, HOSTS);
  assert.deepEqual(
    summary.json.groups.slice(0, 3).map(({ count }: DeadGroup) => count),
    [2, 2, 1],
  );
  assert.equal((await api.call('GET', `/v1/dead/${far.jobId}`)).json.url, far.url);
  assert.equal((await api.call('GET', '/v1/crawls/c/errors')).json.groups.length, HOSTS);
  const raw = await api.call('GET', '/queues/api/queues');
  const names: string[] = raw.json.queues.map(({ name }: { name: string }) => name);
  assert.deepEqual(names.slice(0, 4), ['0-requests', '1-requests', '2-requests', '3-requests']);
  await api.refused(404, 'E_LETTER_UNKNOWN', 'GET', '/v1/dead/c.none');
});

test('a replay brings letters of all shards back and the crawl goes on; the rest is purged, exported in one file', async (t) => {
  const { site, runner, fleet, command, list } = await openDead(t);
  site.fails = (_host, page) => page === 4;
  const before = await list();
  const replayed = before.filter(({ url }) => url.endsWith('/p/3'));
  const [begun] = await runner.json<{ runs: ReplayRun[] }>(['dead', 'replay', 'c', '--q', '/p/3', '--json']);
  assert.equal(begun?.runs.length, HOSTS);
  assert.equal((await runner.status('c')).state, 'running');
  const [named] = begun.runs;
  const [found] = await runner.json<ReplayRun>(['dead', 'replays', named?.id ?? '', '--json']);
  assert.equal(found?.host, named?.host);
  const again = await runner.run(command);
  assert.equal(again.code, 1, again.stderr);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.waiting], ['finished', 0]);
  const records = await runner.results('c');
  const urls = new Set(records.filter(({ ok }) => ok).map(({ url }) => url));
  assert.ok(replayed.every(({ url }) => urls.has(url)));
  assert.equal(records.length, new Set(records.map(({ url }) => url)).size);
  const runs = await runner.json<ReplayRun>(['dead', 'replays', '--json']);
  assert.deepEqual(new Set(runs.map(({ phase }) => phase)), new Set(['done']));

  const left = await list();
  assert.equal(left.length, counts.dead);
  assert.ok(shardsOf(fleet, left).size > 2);
  const [purge] = await runner.json<{ purged: number; exportedTo: string }>(['dead', 'purge', 'c', '--json']);
  assert.equal(purge?.purged, left.length);
  const lines = (await readFile(purge.exportedTo, 'utf8')).split('\n').filter(Boolean);
  assert.deepEqual(lines.map((line) => JSON.parse(line).jobId).sort(), left.map(({ jobId }) => jobId).sort());
  assert.deepEqual(await list(), []);
});

test('killed in the middle of a replay and run again: each letter comes back once, and the run ends', async (t) => {
  const { site, runner, list } = await openDead(t);
  site.fails = () => false;
  const letters = await list();
  const replay = ['dead', 'replay', 'c', '--wait', '--json'];
  const options = { env: { DROVER_LOCK_DURATION: '1000' } };
  site.asked.length = 0;
  const [consumer, waiting] = [
    runner.start(['consume', '-c', '2', '--quiet'], options),
    runner.start(replay, options),
  ];
  await until(async () => site.asked.length > 3, { what: 'some that came back', deadlineMs: 20_000 });
  for (const { killGroup } of [waiting, consumer]) killGroup('SIGKILL');
  await Promise.all([waiting.exit, consumer.exit]);
  const next = runner.start(['consume', '--quiet'], options);
  t.after(() => next.kill());
  const { code, stderr } = await runner.run(replay);
  assert.equal(code, 0, stderr);
  await until(async () => (await runner.status('c')).state === 'finished', { what: 'the end of the crawl' });
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.dead, counts.waiting], [0, 0]);
  const records = await runner.results('c');
  assert.equal(records.length, HOSTS * PAGES);
  for (const { url } of letters) assert.equal(records.filter((record) => record.url === url).length, 1);
});

test('--keep-dead-count is the number of letters of the whole fleet, and the oldest go', async (t) => {
  const { runner, list } = await openDead(t);
  const letters = await list();
  const consumer = runner.start(['consume', '--keep-dead-count', '6', '--quiet']);
  t.after(() => consumer.kill());
  await until(async () => (await list()).length < letters.length, { what: 'a purge', deadlineMs: 20_000 });
  await until(async () => (await list()).length <= 6, { what: 'its end' });
  // Some have died in the same millisecond.
  const times = (of: typeof letters) => of.map(({ failedAt }) => failedAt);
  assert.deepEqual(times(await list()), times(letters.slice(0, 6)));
});
