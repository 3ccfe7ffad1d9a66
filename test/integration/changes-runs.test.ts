// Which runs drover changes compares, and what it says of them, in a real Redis.
import assert from 'node:assert/strict';
import test from 'node:test';
import { notesOnRuns } from '../../src/changes/notes.ts';
import { chooseRuns, settingsOfRun } from '../../src/changes/runs.ts';
import { defaultSettings } from '../../src/config/settings.ts';
import type { Fleet } from '../../src/fleet.ts';
import { crawlAgain } from '../support/fleets/again.ts';
import { openFleets } from '../support/fleets.ts';
import { startValidatingSite } from '../support/site/validating.ts';

const fleets = openFleets();

/** The runs of `shop` with these states, from the first on; null for one that was purged. */
async function withRuns(...states: (string | null)[]): Promise<Fleet> {
  const { fleet } = await fleets.open();
  const { redis, keys } = fleet;
  for (const [index, state] of states.entries()) {
    const id = index === 0 ? 'shop' : `shop.${index + 1}`;
    await redis.hset(keys.countOfName, 'shop', index + 1);
    await redis.hset(keys.newestOfName, 'shop', id);
    if (state === null) continue;
    const [named, offering] = state.split(' ');
    await redis.zadd(keys.crawls, 1000 + index, id);
    await redis.hset(keys.crawl(id), { name: 'shop', state: named, createdAt: 1000 + index, seeds: 'x' });
    if (offering) await redis.hset(keys.crawl(id), 'offering', '1');
  }
  return fleet;
}

const chosen = async (fleet: Fleet, given: Parameters<typeof chooseRuns>[1]) => {
  const { from, to, earlier } = await chooseRuns(fleet, given);
  return [from.crawl, to.crawl, earlier.map(({ crawl }) => crawl).join(' ')];
};

test('by default the newest run that has finished is compared with the one before that has', async () => {
  const fleet = await withRuns(
    'finished',
    'finished',
    null,
    'cancelled',
    'finished',
    'finished offering',
    'running',
  );
  const crawl = 'shop';
  assert.deepEqual(await chosen(fleet, { crawl }), ['shop.2', 'shop.5', 'shop']);
  assert.deepEqual(await chosen(fleet, { crawl: 'shop.2' }), ['shop', 'shop.2', '']);
  assert.deepEqual(await chosen(fleet, { crawl, from: 'shop' }), ['shop', 'shop.5', '']);
  assert.deepEqual(await chosen(fleet, { crawl, from: 'shop.1' }), ['shop', 'shop.5', '']);
  assert.deepEqual(await chosen(fleet, { crawl, from: 'shop.4' }), ['shop.4', 'shop.5', 'shop.2 shop']);
  assert.deepEqual(await chosen(fleet, { to: 'shop.2', from: 'shop.5' }), ['shop.5', 'shop.2', 'shop']);
  const { passedOver } = await chooseRuns(fleet, { crawl });
  assert.deepEqual(
    passedOver.map((run) => `${run.crawl} ${run.state}`),
    ['shop.7 running', 'shop.6 finished', 'shop.4 cancelled'],
  );
});

test('runs that cannot be compared are refused, each with its reason', async () => {
  const fleet = await withRuns('finished', 'paused');
  const cases: [given: Parameters<typeof chooseRuns>[1], code: string, says: RegExp][] = [
    [{ crawl: 'shop' }, 'E_RUN_NONE', /shop is the first run of shop/],
    [{ crawl: 'shop.2' }, 'E_CRAWL_OPEN', /shop\.2 is paused/],
    [{ crawl: 'shop', from: 'shop.2' }, 'E_CRAWL_OPEN', /shop\.2 is paused/],
    [{ crawl: 'shop', from: 'shop' }, 'E_RUN_NONE', /compared with itself/],
    [{ crawl: 'other' }, 'E_CRAWL_UNKNOWN', /other/],
    [{ crawl: 'shop', to: 'shop.3' }, 'E_CRAWL_UNKNOWN', /shop\.3/],
  ];
  for (const [given, code, message] of cases)
    await assert.rejects(chooseRuns(fleet, given), { code, message }, JSON.stringify(given));
  const unfinished = await withRuns('cancelled', 'running');
  await assert.rejects(chooseRuns(unfinished, { crawl: 'shop' }), { code: 'E_RUN_NONE' });
});

test('of many runs, the last twenty before the former one are looked at, and it is said', async () => {
  const fleet = await withRuns(...Array.from({ length: 130 }, () => 'finished'));
  const runs = await chooseRuns(fleet, { crawl: 'shop' });
  assert.deepEqual([runs.from.crawl, runs.to.crawl], ['shop.129', 'shop.130']);
  assert.equal(
    runs.earlier.map(({ crawl }) => crawl).join(),
    Array.from({ length: 20 }, (_, index) => `shop.${128 - index}`).join(),
  );
  const settings = await settingsOfRun(fleet, 'shop.130');
  const notes = notesOnRuns(runs, settings, settings);
  assert.deepEqual(notes.length, 1);
  assert.match(notes[0] ?? '', /Only the 20 runs before shop\.129 .* to shop\.109/);
});

test('settings in which the runs differ are named, but not what is secret in them', async () => {
  const fleet = await withRuns('finished', 'cancelled', 'finished');
  const set = (id: string, more: object) =>
    fleet.redis.hset(fleet.keys.crawl(id), { settings: JSON.stringify({ ...defaultSettings, ...more }) });
  await set('shop', { depth: 1, header: { 'x-key': 'secret-a' }, perHost: 7 });
  await set('shop.3', { depth: 2, header: { 'x-key': 'secret-b' }, limit: 5, body: 'none' });
  await fleet.redis.hset(fleet.keys.crawl('shop.3'), { seeds: 'y', 'x:E_LIMIT': '3', notDue: '9' });
  const runs = await chooseRuns(fleet, { crawl: 'shop' });
  const [ofFrom, ofTo] = [await settingsOfRun(fleet, 'shop'), await settingsOfRun(fleet, 'shop.3')];
  const notes = notesOnRuns(runs, ofFrom, ofTo);
  assert.deepEqual(notes, [
    'Not compared, because they have not finished: shop.2 (cancelled).',
    'The runs differ in the seeds, --depth 1 → 2, --limit none → 5, --header: that alone may make pages new, changed or gone.',
    'shop.3 reached --limit 5: which pages it has depends on the order in which it found them.',
    '9 pages of shop.3 were not due (--only-due): they count as they were in the run before.',
    'shop.3 kept no bodies (--body none), so the texts of pages cannot be compared.',
  ]);
});

test('a page that a 304 tells to be the same is the same, and compared with older runs by what it was', async (t) => {
  const page = (etag: string, body: string) => ({ etag, body });
  const site = await startValidatingSite({
    '/': page('"r"', '<title>Root</title><a href="/a">a</a><a href="/b">b</a><a href="/c">c</a>'),
    ...{ '/a': page('"a1"', '<p>One.'), '/b': page('"b1"', '<p>Two.'), '/c': page('"c1"', '<p>Three.') },
  });
  t.after(() => site.close());
  const opened = await fleets.open();
  const { runner } = opened;
  const seed = `${site.url}/`;
  assert.equal((await runner.run(['crawl', seed, '--crawl', 'c', '--quiet'])).code, 0);
  site.pages.set('/a', page('"a2"', '<p>Another.'));
  await crawlAgain(opened, 'c', [seed]);
  site.pages.set('/b', page('"b2"', '<p>Other.'));
  site.taken();
  await crawlAgain(opened, 'c', [seed]);
  const asked = site.taken().map(({ path, status }) => `${status} ${path}`);
  assert.deepEqual(asked.sort(), ['200 /b', '304 /', '304 /a', '304 /c']);
  const changes = async (...args: string[]) =>
    JSON.parse((await runner.run(['changes', 'c', '--json', ...args])).stdout);
  const urls = (list: { url: string }[]) => list.map(({ url }) => url.slice(site.url.length));
  const newest = await changes();
  assert.deepEqual([urls(newest.changed), newest.counts.same], [['/b'], 3]);
  const sinceFirst = await changes('--from', 'c.1');
  assert.deepEqual([urls(sinceFirst.changed), sinceFirst.counts.same], [['/a', '/b'], 2]);
  const [{ diff, from, to }] = sinceFirst.changed;
  assert.equal(diff, '@@ -1,1 +1,1 @@\n-One.\n+Another.', 'the body of a 304 is that of the former record');
  assert.deepEqual([from.status, to.status], [200, 200]);
});
