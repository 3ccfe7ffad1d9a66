// Schedules: what is refused, runs by the clock that each start once, skipped runs, kills and restarts.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { listCrawls } from '../../src/crawl/crawl.ts';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import { fleetOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { createLog } from '../../src/log.ts';
import { dropDueJobs, listDueJobs, openScheduleQueue } from '../../src/queue/schedule-queue.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { repairDueJobs } from '../../src/schedules/runner.ts';
import type { ScheduleView } from '../../src/schedules/schedules.ts';
import { startRun } from '../../src/schedules/start-run.ts';
import { startReceiver } from '../support/api/receiver.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { openFleets, type TestFleet } from '../support/fleets.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site/site.ts';

const fleets = openFleets();
const log = await createLog({ level: 'silent' });
const site: { now: Site | null } = { now: null };
test.before(async () => {
  site.now = await startSite({ pages: 4, linksPerPage: 2 });
});
test.after(() => site.now?.stop());
const everySecond = '* * * * * *';
const quick = ['--per-host', '20', '--limit', '3'];

function consume(t: TestContext, runner: CommandRunner, ...options: string[]) {
  const consumer = runner.start(['consume', '--quiet', ...options], {
    env: { DROVER_LOCK_DURATION: '1000' },
  });
  t.after(() => consumer.kill('SIGKILL'));
  return consumer;
}

async function scheduleOf(runner: CommandRunner): Promise<ScheduleView> {
  return (await runner.json<ScheduleView>(['schedule', 'list', '--json']))[0] as ScheduleView;
}

/** The runs of the schedule by when they were due. */
async function runsOf({ fleet }: Pick<TestFleet, 'fleet'>, name: string) {
  const runs = await fleet.redis.hgetall(fleet.keys.scheduleRuns(name));
  return Object.entries(runs)
    .map(([due, text]) => ({
      due: Number(due),
      outcome: text.split('\x1f')[0],
      crawl: text.split('\x1f')[1],
    }))
    .sort((a, b) => a.due - b.due);
}

test('what no schedule can be is refused with what to write, and nothing is added', async () => {
  const { runner, fleet } = await fleets.open();
  await writeFile(runner.path('bad.txt'), 'https://example.com/\nnot a url at all\n');
  const url = 'https://example.com/';
  const rows: [args: string[], says: RegExp][] = [
    [['61 * * * *', 's', url], /"61 \* \* \* \*": .*range 0-59.*E_SCHEDULE\)/s],
    [['* * *', 's', url], /five fields are expected.*got 3/],
    [['0 0 31 2 *', 's', url], /E_SCHEDULE\)/],
    [['H 3 * * *', 's', url], /H would mean another time each day/],
    [['0 3 * * *', 's', url, '--tz', 'Mars/Olympus'], /there is no time zone "Mars\/Olympus"/],
    [['0 3 * * *', 'no such name', url], /The name of the schedule: use at most/],
    [['0 3 * * *', 'nothing'], /E_CRAWL_UNKNOWN/],
    [['0 3 * * *', 's', 'missing.txt'], /E_FILE/],
    [['0 3 * * *', 's', runner.path('bad.txt')], /bad\.txt, line 2: .*E_SCHEDULE\)/s],
    [['0 3 * * *', 's', url, '--webhook', 'https://example.com/hook'], /DROVER_WEBHOOK_SECRET/],
  ];
  for (const [args, says] of rows) {
    const { code, stderr } = await runner.run(['schedule', 'add', ...args]);
    assert.deepEqual([code, says.test(stderr)], [2, true], `${args.join(' ')}: ${stderr}`);
  }
  assert.deepEqual(await fleet.redis.keys(`${fleet.keys.schedules}*`), []);
  for (const verb of ['remove', 'run']) {
    const { code, stderr } = await runner.run(['schedule', verb, 'nothing']);
    assert.deepEqual([code, /E_SCHEDULE_UNKNOWN/.test(stderr)], [2, true], stderr);
  }
});

test('a schedule is added once, listed with its next run, run by hand, and removed; its crawls stay', async (t) => {
  const { runner, fleet } = await fleets.open();
  const add = (...more: string[]) =>
    runner.run(['schedule', 'add', '30 3 * * *', 'shop', `${site.now?.url}/`, ...quick, ...more]);
  const added = await add('--tz', 'Europe/Berlin');
  assert.equal(added.code, 0, added.stderr);
  assert.match(
    added.stderr,
    /^schedule shop: 30 3 \* \* \* in Europe\/Berlin, for the first time at 20\d\d-/,
  );
  const again = await add();
  assert.deepEqual([again.code, /E_SCHEDULE_EXISTS/.test(again.stderr)], [2, true], again.stderr);
  assert.equal((await add('--replace', '--tz', 'UTC')).code, 0);
  const { next, last, ...kept } = await scheduleOf(runner);
  assert.deepEqual([next?.slice(11), last, kept.zone, kept.started], ['03:30:00.000Z', null, 'UTC', 0]);
  assert.match(
    (await runner.run(['status'])).stdout,
    /^schedule +when +zone[\s\S]*shop +30 3 \* \* \* +UTC/m,
  );
  consume(t, runner);
  const started = await runner.run(['schedule', 'run', 'shop']);
  assert.deepEqual([started.code, started.stderr], [0, 'schedule shop: crawl shop has begun\n']);
  await until(async () => (await runner.status('shop')).state === 'finished', { what: 'the end of shop' });
  assert.equal((await runner.status('shop')).recorded, 3);
  assert.equal((await runner.run(['schedule', 'remove', 'shop'])).code, 0);
  assert.deepEqual(await listDueJobs(openScheduleQueue(fleet)), []);
  assert.match((await runner.run(['schedule', 'list'])).stdout, /^no schedules; add one/);
  assert.deepEqual(await listCrawls(fleet), ['shop']);
  // A crawl whose seeds were URLs is repeated by its name.
  assert.equal((await runner.run(['schedule', 'add', '@daily', 'shop', '--limit', '2'])).code, 0);
  const repeated = await runner.run(['schedule', 'run', 'shop']);
  assert.match(repeated.stderr, /crawl shop\.2 has begun/);
  await until(async () => (await runner.status('shop.2')).state === 'finished', {
    what: 'the end of shop.2',
  });
  assert.equal((await runner.status('shop.2')).recorded, 2);
});

test('every second with two consumers: a run that takes longer is alone, the others are skipped and told', async (t) => {
  const receiver = await startReceiver(t);
  const { runner, fleet } = await fleets.open({
    DROVER_WEBHOOK_SECRET: 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0',
  });
  await site.now?.behave('/slow', { delayMs: 2500 });
  consume(t, runner);
  consume(t, runner);
  const hook = ['--webhook', receiver.url, '--allow-private', '127.0.0.1'];
  const args = ['schedule', 'add', everySecond, 'often', `${site.now?.url}/slow`, ...quick, ...hook];
  const added = await runner.run(args);
  assert.equal(added.code, 0, added.stderr);
  let most = 0;
  await until(
    async () => {
      const crawls = await runner.json<CrawlCounts>(['status', '--json']);
      most = Math.max(most, crawls.filter(({ state }) => state === 'running').length);
      return crawls.filter(({ state }) => state === 'finished').length >= 2;
    },
    { what: 'two runs', deadlineMs: 30_000 },
  );
  assert.equal((await runner.run(['schedule', 'remove', 'often'])).code, 0);
  assert.equal(most, 1, 'one run at a time');
  const types = () =>
    receiver.got.map(({ event }) => event).filter(({ type }) => type.startsWith('schedule.'));
  await until(() => types().some(({ type }) => type === 'schedule.skipped'), { what: 'the event' });
  const skipped = types().find(({ type }) => type === 'schedule.skipped');
  assert.deepEqual([skipped?.schedule?.name, skipped?.schedule?.cron], ['often', everySecond]);
  assert.match(skipped?.crawl.crawl ?? '', /^often/);
  assert.ok(types().some(({ type }) => type === 'schedule.started'));
  assert.ok((await listCrawls(fleet)).length >= 2);
});

test('kill -9 of the consumer that starts a run, and of Redis: each due time starts one crawl, with all seeds', async (t) => {
  const redis = await startTestRedis();
  t.after(() => redis.stop());
  const named = 'killed';
  const runner = await openCommandRunner({ REDIS_URL: redis.url, DROVER_NAMESPACE: named });
  const connection = connectRedis({ url: redis.url }, 'script');
  t.after(() => closeRedis(connection));
  const fleet = fleetOf(connection, namespaceOf(named));
  const seeds = Array.from({ length: 900 }, (_, at) => `${site.now?.url}/p/${at % 4}?${at}`);
  await writeFile(runner.path('seeds.txt'), seeds.join('\n'));
  // A frontier of 100 makes the offering wait for fetches, so the consumer dies in the middle of it.
  const options = ['--per-host', '20', '--max-frontier', '100'];
  await site.now?.behave('/p/*', { delayMs: 20 });
  const add = ['schedule', 'add', '0 0 1 1 *', 'k', runner.path('seeds.txt'), ...options];
  assert.equal((await runner.run(add)).code, 0);
  const first = consume(t, runner);
  assert.equal((await runner.run(['schedule', 'run', 'k'])).code, 0);
  await until(async () => (await runner.status('k')).accepted > 100, { what: 'some seeds' });
  first.kill('SIGKILL');
  await first.exit;
  assert.ok((await runner.status('k')).accepted < 900, 'it was killed in the middle');
  await redis.restart();
  consume(t, runner);
  const second = consume(t, runner);
  await until(async () => (await runner.status('k')).recorded === 900, {
    what: 'the end of k',
    deadlineMs: 60_000,
  });
  await until(async () => (await runner.status('k')).state === 'finished', { what: 'the end of k' });
  assert.deepEqual(await listCrawls(fleet), ['k']);
  assert.deepEqual(
    (await runsOf({ fleet }, 'k')).map(({ outcome, crawl }) => [outcome, crawl]),
    [['started', 'k']],
  );
  second.kill('SIGTERM');
  await second.exit;
});

test('the same due time starts one crawl however often and wherever it is tried; lost jobs come again', async () => {
  const { runner, fleet } = await fleets.open();
  const add = (name: string) => runner.run(['schedule', 'add', '0 3 * * *', name, `${site.now?.url}/`]);
  assert.equal((await add('once')).code, 0);
  const run = { schedule: 'once', token: '', due: Date.now() };
  const parts = { fleet, log, stopped: () => false };
  await Promise.all(Array.from({ length: 5 }, () => startRun(parts, run)));
  await startRun(parts, { ...run, due: run.due + 1 });
  await startRun(parts, { ...run, token: 'of another' });
  assert.deepEqual(await listCrawls(fleet), ['once']);
  assert.deepEqual(
    (await runsOf({ fleet }, 'once')).map(({ outcome }) => outcome),
    ['started', 'skipped'],
  );

  const queue = openScheduleQueue(fleet);
  await dropDueJobs(queue, 'once'); // as when a command dies before it has made the job scheduler
  await repairDueJobs(fleet, queue);
  const [kept] = await listDueJobs(queue);
  assert.deepEqual([kept?.name, kept?.isThere], ['once', true]);
  await fleet.redis.del(queue.toKey(`repeat:once:${kept?.next}`));
  await fleet.redis.del(queue.toKey('delayed'));
  await fleet.redis.zadd(queue.toKey('repeat'), Date.now() - 60_000, 'once');
  await repairDueJobs(fleet, queue);
  assert.deepEqual(
    (await listDueJobs(queue)).map(({ name, isThere }) => [name, isThere]),
    [['once', true]],
  );
  await fleet.redis.del(fleet.keys.schedule('once'));
  await fleet.redis.del(fleet.keys.schedules);
  await repairDueJobs(fleet, queue);
  assert.deepEqual(await listDueJobs(queue), []);
});
