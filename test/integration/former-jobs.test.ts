// A queue that a former version filled: its jobs kept the packed request alone, said by their name how they
// start, and by their timestamp when that was decided. They are fetched, listed and brought back like all
// others.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { dispatch } from '../../src/frontier/dispatch.ts';
import { jobIdOf } from '../../src/keys.ts';
import { LEASE_MS } from '../../src/politeness/slot.ts';
import { openQueue, type RequestQueue } from '../../src/queue/queue.ts';
import { unpackRequest } from '../../src/request.ts';
import { startApi } from '../support/api/api.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets, type TestFleet } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { type Site, type SiteOptions, startSite } from '../support/site/site.ts';

const CRAWL = [
  '--crawl',
  'c',
  '--depth',
  '0',
  '--ignore-robots',
  '--no-adaptive',
  '--quiet',
  '--per-host',
  '50',
  '--allow-private',
  '127.0.0.1/32',
];
const fleets = openFleets();

async function siteOf(t: TestContext, options: Partial<SiteOptions> = {}): Promise<Site> {
  const site = await startSite({ pages: 20, linksPerPage: 0, bytes: 300, ...options });
  t.after(() => site.stop());
  return site;
}

/**
 * A crawl `c` of these pages, all of them handed out to jobs of the former form. `starts`: of each, instead
 * of what dispatch said; `progress`: what they remember.
 */
async function leaveFormerJobs(
  { runner, fleet }: TestFleet,
  urls: readonly string[],
  {
    args = [],
    starts = [],
    progress,
  }: { args?: string[]; starts?: readonly string[]; progress?: object } = {},
): Promise<RequestQueue> {
  await writeFile(runner.path('list.txt'), urls.map((url) => `${url}\n`).join(''));
  const { code, stderr } = await runner.run(['enqueue', runner.path('list.txt'), ...CRAWL, ...args]);
  assert.equal(code, 0, stderr);
  const queue = openQueue(fleet);
  const asked = {
    serve: '*',
    wanted: 50,
    leaseMs: LEASE_MS,
    releases: [],
  };
  const { handed } = await dispatch(fleet, { ...asked, arrived: [] });
  assert.equal(handed.length, urls.length, 'all are handed out in one dispatch');
  for (const [index, { crawl, id, packed, start: own }] of handed.entries()) {
    const opts = { jobId: jobIdOf(crawl, id), timestamp: Date.now() };
    const job = await queue.add(starts[index] ?? own, packed, opts);
    if (progress) await job.updateProgress(progress);
  }
  await dispatch(fleet, { ...asked, wanted: 0, arrived: handed.map(({ crawl, id }) => jobIdOf(crawl, id)) });
  return queue;
}

test('jobs of the former form are fetched once each, however they start', async (t) => {
  const fleet = await fleets.open();
  const site = await siteOf(t);
  const starts = ['fetch', 'fetch@example.com', 'ahead', 'ask'];
  await leaveFormerJobs(
    fleet,
    starts.map((_, page) => `${site.url}/p/${page}`),
    { starts },
  );
  const consumer = fleet.runner.start(['consume', '--quiet']);
  await until(async () => (await fleet.runner.status('c')).waiting === 0, {
    what: 'the crawl to end',
    deadlineMs: 15_000,
  });
  consumer.kill('SIGINT');
  await consumer.exit;
  const paths = (await site.log()).map(({ path }) => path).sort();
  assert.deepEqual(paths, ['/p/0', '/p/1', '/p/2', '/p/3']);
  const counts = await fleet.runner.status('c');
  assertAddsUp(counts);
  assert.equal(counts.recorded, 4);
});

test('a former job that fails is listed, shown raw, and brought back by a replay', async (t) => {
  const fleet = await fleets.open();
  const site = await siteOf(t, { behaviours: { '/p/*': { status: 500 } } });
  const url = `${site.url}/p/7`;
  const queue = await leaveFormerJobs(fleet, [url], { args: ['--attempts', '1'] });
  const consumer = fleet.runner.start(['consume', '--quiet']);
  t.after(() => consumer.kill());
  await until(async () => (await queue.getFailedCount()) === 1, { what: 'the job to fail' });
  const [failed] = await queue.getFailed();
  assert.equal(typeof failed?.data, 'string', 'it still has its former form');
  assert.equal(unpackRequest(String(failed?.data)).url, url);

  const [letter] = await fleet.runner.json<{ jobId: string; url: string; code: string }>([
    'dead',
    'list',
    '--json',
  ]);
  assert.deepEqual([letter?.url, letter?.code], [url, 'E_HTTP_5XX']);
  const [shown] = await fleet.runner.json<{ request: { url: string }; tries: object[] }>([
    'dead',
    'show',
    String(letter?.jobId),
    '--json',
  ]);
  assert.deepEqual([shown?.request.url, shown?.tries.length], [url, 1]);
  const api = await startApi(fleet);
  t.after(() => api.drover.kill());
  const raw = await api.call('GET', '/queues/api/queues?activeQueue=requests&status=failed');
  assert.ok(raw.text.includes(`"url":"${url}"`), raw.text.slice(0, 2000));

  await site.behave('/p/*', null);
  const { code, stderr } = await fleet.runner.run(['dead', 'replay', 'c', '--wait']);
  assert.equal(code, 0, stderr);
  const counts = await fleet.runner.status('c');
  assert.deepEqual([counts.recorded, counts.dead], [1, 0]);
});

test('what a former job remembers of its server and its attempts counts', async (t) => {
  const fleet = await fleets.open();
  const site = await siteOf(t, { behaviours: { '/p/*': { status: 429 } } });
  const attempt = [Date.now() - 60_000, 'E_RESET', 'It was reset.', null, null, null, [], null];
  await leaveFormerJobs(fleet, [`${site.url}/p/0`], {
    args: ['--max-postponed', '10m'],
    starts: ['ask'],
    progress: { toldOffAt: Date.now() - 3_600_000, hop: null, tries: [attempt] },
  });
  const consumer = fleet.runner.start(['consume', '--quiet']);
  t.after(() => consumer.kill());
  await until(async () => (await fleet.runner.status('c')).dead === 1, {
    what: 'the request to die, since the server has told it to come later for an hour',
  });
  const queue = openQueue(fleet.fleet);
  const [letter] = await until(
    async () => {
      const letters = await fleet.runner.json<{ jobId: string; code: string }>(['dead', 'list', '--json']);
      return letters.length === 1 && (await queue.getFailedCount()) === 1 ? letters : null;
    },
    { what: 'its dead letter' },
  );
  assert.equal(letter?.code, 'E_RATE_LIMITED');
  const [shown] = await fleet.runner.json<{ tries: { code: string }[] }>([
    'dead',
    'show',
    String(letter?.jobId),
    '--json',
  ]);
  assert.deepEqual(
    shown?.tries.map(({ code }) => code),
    ['E_RESET', 'E_RATE_LIMITED'],
  );
});
