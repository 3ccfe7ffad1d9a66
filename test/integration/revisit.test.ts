// A crawl that was begun again with --only-due takes over the pages that are not due, and asks for nothing
// of them. What it asked is read in the server's log.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import type { CommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { startValidatingSite, type ValidatingSite } from '../support/site/validating.ts';

const fleets = openFleets();

test('pages that are not due are whole in the new run without a request, and asked for again when they are due', async (t) => {
  const site = await startValidatingSite({
    '/': { etag: '"root"', body: '<title>Root</title><a href="/page">p</a><a href="/gone">g</a>' },
    '/page': { body: '<title>Page</title><a href="/leaf">l</a>' },
    '/leaf': { etag: '"leaf"', body: '<title>Leaf</title>' },
  });
  t.after(() => site.close());
  const { runner, fleet } = await fleets.open();
  writeFileSync(
    runner.path('handlers.mjs'),
    "export default { name: 'titles', run({ page, emit }) { emit({ title: page.title }); } };\n",
  );
  const handler = ['--handler', runner.path('handlers.mjs')];
  const first = await runner.run(['crawl', `${site.url}/`, '--crawl', 'c', '--quiet', ...handler]);
  assert.equal(first.code, 0, first.stderr);
  const again = async (args: string[]) => {
    site.taken();
    const next = await runner.run(['crawl', '--again', 'c', '--quiet', ...handler, ...args]);
    assert.equal(next.code, 0, next.stderr);
    const id = (await fleet.redis.hget(fleet.keys.newestOfName, 'c')) ?? '';
    const asked = site.taken().map(({ path, status }) => `${status} ${path}`);
    return { id, asked: asked.sort(), records: byUrl(await runner.results(id)) };
  };
  // The run before has set no times.
  const second = await again(['--only-due', '--revisit-min', '1h']);
  assert.deepEqual(second.asked, ['200 /page', '304 /', '304 /leaf', '404 /gone']);
  assert.deepEqual(
    [...second.records.values()].map(({ ok, revisitMs }) => [ok, revisitMs]),
    [...second.records.values()].map(({ ok }) => [ok, ok ? 3_600_000 : null]),
  );
  const third = await again(['--only-due', '--revisit-min', '1h']);
  assert.deepEqual(third.asked, ['404 /gone']);
  assert.equal(third.records.size, 4);
  for (const [url, record] of third.records) {
    if (!record.ok) continue;
    const former = second.records.get(url);
    const { queue: _q, slot: _s, ...timings } = record.timings;
    assert.deepEqual(new Set(Object.values(timings)), new Set([null]), url);
    const same = { crawl: third.id, timings: record.timings, unchanged: { crawl: second.id, id: record.id } };
    assert.deepEqual(record, { ...former, ...same, attempts: record.attempts }, url);
    assert.equal(record.items?.length, 1);
  }
  const counts = await runner.status(third.id);
  assert.deepEqual([counts.recorded, counts.unchanged, counts.notDue], [4, 3, 3]);
  assert.match((await runner.run(['status', third.id])).stdout, /3 of those recorded .* \(3 were not due\)/);
  // Without the option each page is asked for; so it is when its time has come.
  assert.deepEqual((await again(['--revisit-min', '0', '--revisit-max', '1ms'])).asked, second.asked);
  assert.deepEqual((await again(['--only-due'])).asked, second.asked);
});

/**
 * Crawls a list three times, the last time with `last` for what is due alone. Returns the milliseconds of
 * that.
 */
async function crawlThrice(
  runner: CommandRunner,
  site: ValidatingSite,
  paths: readonly string[],
  last: readonly string[],
  beforeLast: () => Promise<unknown> = async () => {},
): Promise<number> {
  const quick = ['--quiet', '--per-host', '20', '--ignore-robots'];
  const crawl = async (...args: string[]) => {
    const { code, stderr } = await runner.run(['crawl', ...args, ...quick]);
    assert.equal(code, 0, stderr);
  };
  writeFileSync(runner.path('list.txt'), paths.map((path) => `${site.url}${path}\n`).join(''));
  await crawl(runner.path('list.txt'), '--crawl', 'c');
  await crawl('--again', 'c');
  site.taken();
  await beforeLast();
  const beganAt = performance.now();
  await crawl('--again', 'c', '--only-due', ...last);
  return performance.now() - beganAt;
}

test('pages that are not due do not wait for the delay of their host; those that are due keep to it', async (t) => {
  const paths = Array.from({ length: 500 }, (_, at) => (at % 125 === 7 ? `/gone/${at}` : `/p/${at}`));
  const startedAt: number[] = [];
  const gone = () => {
    startedAt.push(performance.now());
    return { status: 404 };
  };
  const site = await startValidatingSite(
    Object.fromEntries(
      paths.map((path) => [path, path.startsWith('/gone') ? { answer: gone } : { etag: '"a"', body: path }]),
    ),
  );
  t.after(() => site.close());
  const { runner } = await fleets.open();
  const tookMs = await crawlThrice(runner, site, paths, ['--delay', '1s', '--per-host', '1']);
  assert.deepEqual(
    site.taken().map(({ path }) => path.split('/')[1]),
    ['gone', 'gone', 'gone', 'gone'],
  );
  const gaps = startedAt.slice(-3).map((at, index) => at - (startedAt.at(index - 4) ?? 0));
  assert.ok(Math.min(...gaps) > 990, `gaps of ${gaps.map(Math.round)} ms`);
  assert.ok(tookMs < 60_000, `500 pages, 496 of them not due, took ${Math.round(tookMs)} ms`);
  const { recorded, notDue } = await runner.status('c.3');
  assert.deepEqual([recorded, notDue], [500, 496]);
});

test('pages that are not due need no slot: a host that is paused gives none, and the crawl ends', async (t) => {
  const paths = Array.from({ length: 100 }, (_, at) => `/${at}`);
  const site = await startValidatingSite(
    Object.fromEntries(paths.map((path) => [path, { etag: '"a"', body: path }])),
  );
  t.after(() => site.close());
  const { runner } = await fleets.open();
  const tookMs = await crawlThrice(runner, site, paths, [], () =>
    runner.run(['hosts', 'pause', site.url, '--for', '1h']),
  );
  assert.deepEqual(site.taken(), []);
  assert.ok(tookMs < 60_000, `${Math.round(tookMs)} ms`);
  const { recorded, notDue } = await runner.status('c.3');
  assert.deepEqual([recorded, notDue], [100, 100]);
});

const byUrl = (records: CrawlRecord[]) => new Map(records.map((record) => [record.url, record]));
