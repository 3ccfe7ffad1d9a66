// Runs of schedules ask only for what has changed since the run before: with seeds of their own and without,
// by the server's log. What a schedule needs is not forgotten.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { listCrawls } from '../../src/crawl/crawl.ts';
import type { ScheduleView } from '../../src/schedules/schedules.ts';
import { startReceiver } from '../support/api/receiver.ts';
import { assertAddsUp, type CommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startValidatingSite, type ValidatingSite } from '../support/site/validating.ts';

const fleets = openFleets();
const yearly = '0 0 1 1 *';
const quick = ['--per-host', '20', '--depth', '0'];

async function openSite(t: TestContext, pages: number): Promise<ValidatingSite> {
  const site = await startValidatingSite(
    Object.fromEntries(
      Array.from({ length: pages }, (_, at) => [`/${at}`, { etag: `"${at}"`, body: `<p>page ${at}</p>` }]),
    ),
  );
  t.after(() => site.close());
  return site;
}

async function listOf(runner: CommandRunner, site: ValidatingSite): Promise<string> {
  await writeFile(
    runner.path('list.txt'),
    [...site.pages.keys()].map((path) => `${site.url}${path}\n`),
  );
  return runner.path('list.txt');
}

function consume(t: TestContext, runner: CommandRunner) {
  const consumer = runner.start(['consume', '--quiet'], { env: { DROVER_LOCK_DURATION: '1000' } });
  t.after(() => consumer.kill('SIGKILL'));
  return consumer;
}

async function drover(runner: CommandRunner, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runner.run(args);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout + stderr;
}

/** Runs the schedule now, to the end of the crawl. Returns what was asked, and what the command said. */
async function runNow(runner: CommandRunner, site: ValidatingSite, schedule: string, crawl: string) {
  site.taken();
  const said = await drover(runner, 'schedule', 'run', schedule);
  assert.match(said, new RegExp(`crawl ${crawl.replace('.', '\\.')} has begun`));
  await until(async () => (await runner.status(crawl)).state === 'finished', {
    what: `the end of ${crawl}`,
    deadlineMs: 60_000,
  });
  return { said, asked: site.taken().map(({ path, status }) => `${status} ${path}`) };
}

async function scheduleOf(runner: CommandRunner): Promise<ScheduleView> {
  return (await runner.json<ScheduleView>(['schedule', 'list', '--json']))[0] as ScheduleView;
}

/** What the newest run has changed. */
async function changedIn(runner: CommandRunner, name: string): Promise<string[]> {
  const { code, stdout, stderr } = await runner.run(['changes', name, '--json']);
  assert.equal(code, 0, stderr);
  const found: Record<string, { url: string }[]> = JSON.parse(stdout);
  return ['new', 'changed', 'gone', 'back', 'unknown'].flatMap((kind) =>
    (found[kind] ?? []).map(({ url }) => `${kind} ${new URL(url).pathname}`),
  );
}

const all = (site: ValidatingSite, status: number) =>
  [...site.pages.keys()].map((path) => `${status} ${path}`).toSorted();

test('without seeds, each run repeats the one before it: seeds of a list that is gone, 304 for what has not changed', async (t) => {
  const site = await openSite(t, 40);
  const { runner } = await fleets.open();
  const list = await listOf(runner, site);
  await drover(runner, 'crawl', list, '--crawl', 'shop', '--header', 'x-a: b', '--quiet', ...quick);
  await rm(list);
  const added = await drover(runner, 'schedule', 'add', yearly, 'shop', '--tz', 'UTC');
  assert.match(added, /for the first time at .*; each run repeats the one before it$/m);
  consume(t, runner);
  const second = await runNow(runner, site, 'shop', 'shop.2');
  assert.match(second.said, /crawl shop\.2 has begun, again as shop\n/);
  assert.deepEqual(second.asked.toSorted(), all(site, 304));
  assert.equal((await runner.status('shop.2')).unchanged, 40);
  assert.deepEqual(await changedIn(runner, 'shop'), []);

  site.pages.set('/7', { etag: '"new"', body: '<p>another page</p>' });
  const third = await runNow(runner, site, 'shop', 'shop.3');
  assert.match(third.said, /again as shop\.2\n/);
  const expected = all(site, 304).filter((line) => line !== '304 /7');
  assert.deepEqual(third.asked.toSorted(), ['200 /7', ...expected]);
  assert.deepEqual(await changedIn(runner, 'shop'), ['changed /7']);
  const { again, former, seeds, started, last } = await scheduleOf(runner);
  assert.deepEqual([again, former, seeds, started], [true, 'shop.3', '', 2]);
  assert.deepEqual(
    { ...last, due: '' },
    { due: '', outcome: 'started', crawl: 'shop.3', former: 'shop.2', why: null },
  );
  // What somebody does by hand under the name is what is repeated from then on.
  const own = ['crawl', `${site.url}/1`, '--crawl', 'shop', '--header', 'x-a: b', '--quiet', ...quick];
  await drover(runner, ...own);
  assert.deepEqual((await runNow(runner, site, 'shop', 'shop.5')).asked, ['304 /1']);
});

test('with seeds of its own, a schedule asks so from its second run on, and its seeds stay; --only-due asks for less', async (t) => {
  const site = await openSite(t, 30);
  const { runner } = await fleets.open();
  const list = await listOf(runner, site);
  const due = ['--only-due', '--revisit-min', '1h'];
  await drover(runner, 'schedule', 'add', yearly, 's', list, '--tz', 'UTC', ...quick, ...due);
  await rm(list);
  assert.equal((await scheduleOf(runner)).former, null);
  consume(t, runner);
  const first = await runNow(runner, site, 's', 's');
  assert.deepEqual(first.asked.toSorted(), all(site, 200));
  assert.doesNotMatch(first.said, /again as/);
  const second = await runNow(runner, site, 's', 's.2');
  assert.deepEqual(second.asked.toSorted(), all(site, 304));
  // A run by hand with other seeds helps the next one, and gives it no seeds.
  await drover(runner, 'crawl', `${site.url}/1`, '--crawl', 's', '--quiet', ...quick);
  const fourth = await runNow(runner, site, 's', 's.4');
  assert.deepEqual(
    fourth.asked.toSorted(),
    all(site, 200)
      .map((line) => (line === '200 /1' ? '304 /1' : line))
      .toSorted(),
  );
  // That run has set a time for each page, and none has come.
  assert.deepEqual((await runNow(runner, site, 's', 's.5')).asked, []);
  const { recorded, unchanged, notDue } = await runner.status('s.5');
  assert.deepEqual([recorded, unchanged, notDue], [30, 30, 30]);
});

test('kill -9 while a run without seeds begins and asks: it goes on, one crawl, each page once and unchanged', async (t) => {
  const site = await openSite(t, 300);
  const { runner, fleet } = await fleets.open();
  const list = await listOf(runner, site);
  await drover(runner, 'crawl', list, '--crawl', 'k', '--quiet', ...quick);
  await rm(list);
  site.taken();
  await drover(runner, 'schedule', 'add', yearly, 'k', '--per-host', '2', '--max-frontier', '60');
  let consumer = consume(t, runner);
  await drover(runner, 'schedule', 'run', 'k');
  for (const asked of [50, 150]) {
    await until(() => site.asked.length >= asked, { what: `${asked} requests`, deadlineMs: 60_000 });
    consumer.kill('SIGKILL');
    await consumer.exit;
    const { accepted, waiting } = await runner.status('k.2');
    assert.ok(accepted - waiting < 300, 'it was killed in the middle');
    if (asked === 50) assert.ok(accepted < 300, 'while seeds were offered');
    consumer = consume(t, runner);
  }
  await until(async () => (await runner.status('k.2')).state === 'finished', {
    what: 'the end',
    deadlineMs: 90_000,
  });
  assert.deepEqual(await listCrawls(fleet), ['k.2', 'k']);
  assert.deepEqual(new Set(site.taken().map(({ status }) => status)), new Set([304]));
  const counts = await runner.status('k.2');
  assertAddsUp(counts);
  assert.deepEqual([counts.recorded, counts.unchanged], [300, 300]);
  const records = await runner.results('k.2');
  assert.equal(new Set(records.map(({ url }) => url)).size, 300);
  assert.ok(records.every(({ unchanged, body }) => unchanged?.crawl === 'k' && body?.startsWith('<p>')));
});

test('what the next run goes by is not forgotten: forget refuses the seeds, purge and --keep-crawls leave it', async (t) => {
  const site = await openSite(t, 3);
  const { runner, fleet } = await fleets.open();
  const list = await listOf(runner, site);
  const crawl = (name: string) => drover(runner, 'crawl', list, '--crawl', name, '--quiet', ...quick);
  for (const name of ['a', 'a', 'b', 'b', 'c']) await crawl(name);
  await drover(runner, 'schedule', 'add', yearly, 'a');
  await drover(runner, 'schedule', 'add', yearly, 'b', list);
  const refused = await runner.run(['forget', 'a.2']);
  assert.deepEqual([refused.code, /schedule a repeats a\.2/.test(refused.stderr)], [2, true], refused.stderr);
  assert.match(refused.stderr, /E_CRAWL_SCHEDULED/);
  const purged = await drover(runner, 'purge', '--all', '--yes');
  for (const name of ['a', 'b'])
    assert.match(purged, new RegExp(`${name}\\.2 stays: the next run of schedule ${name} goes by it`));
  assert.deepEqual((await listCrawls(fleet)).toSorted(), ['a.2', 'b.2']);
  await crawl('d');
  await crawl('e');
  const keeping = runner.start(['consume', '--quiet', '--keep-crawls', '1']);
  t.after(() => keeping.kill('SIGKILL'));
  await until(async () => !(await listCrawls(fleet)).includes('d'), { what: 'd to go', deadlineMs: 30_000 });
  assert.deepEqual((await listCrawls(fleet)).toSorted(), ['a.2', 'b.2', 'e']);
  // Without it, a schedule with seeds goes on; it fetches pages whole.
  await drover(runner, 'forget', 'b.2');
  const { asked, said } = await runNow(runner, site, 'b', 'b');
  assert.doesNotMatch(said, /again as/);
  assert.deepEqual(asked.toSorted(), all(site, 200));
  keeping.kill('SIGTERM');
  await keeping.exit;
  await drover(runner, 'schedule', 'remove', 'a');
  await drover(runner, 'forget', 'a.2');
});

test('a run that cannot begin is skipped, with the reason in the list, in the answer and in the event', async (t) => {
  const site = await openSite(t, 3);
  const receiver = await startReceiver(t);
  const { runner } = await fleets.open({
    DROVER_WEBHOOK_SECRET: 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0',
  });
  const list = await listOf(runner, site);
  await drover(runner, 'crawl', list, '--crawl', 'n', '--quiet', ...quick);
  const hook = ['--webhook', receiver.url, '--allow-private', '127.0.0.1'];
  await drover(runner, 'schedule', 'add', yearly, 'n', ...hook);
  const rows: [args: string[], says: RegExp][] = [
    [['n.1'], /n\.1 is a run: write n, the name of its crawl[\s\S]*E_SCHEDULE\)/],
    [['m'], /E_CRAWL_UNKNOWN/],
  ];
  for (const [args, says] of rows) {
    const { code, stderr } = await runner.run(['schedule', 'add', yearly, ...args]);
    assert.deepEqual([code, says.test(stderr)], [2, true], stderr);
  }
  await drover(runner, 'crawl', list, '--crawl', 'n', '--keep-seeds', '0', '--quiet', ...quick);
  const none = await runner.run(['schedule', 'add', yearly, 'n', '--replace', ...hook]);
  assert.deepEqual([none.code, /E_NO_SEEDS/.test(none.stderr)], [2, true], none.stderr);
  consume(t, runner);
  const { code, stderr } = await runner.run(['schedule', 'run', 'n']);
  assert.deepEqual(
    [code, stderr],
    [1, 'schedule n: skipped: The seeds of the former run are not known any more. (E_NO_SEEDS)\n'],
  );
  const { last, skipped } = await scheduleOf(runner);
  assert.deepEqual([last?.outcome, last?.why, last?.crawl, skipped], ['skipped', 'E_NO_SEEDS', 'n.2', 1]);
  await until(() => receiver.got.some(({ event }) => event.type === 'schedule.skipped'), {
    what: 'the event',
  });
  const told = receiver.got.find(({ event }) => event.type === 'schedule.skipped')?.event;
  assert.deepEqual([told?.schedule?.why, told?.crawl.crawl], ['E_NO_SEEDS', 'n.2']);
});
