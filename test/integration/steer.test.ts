// Pause, resume and cancel, as commands: what is still fetched, what is kept, and what they say.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { steerCrawl } from '../../src/crawl/steer.ts';
import { dropStep, steer } from '../../src/frontier/steer.ts';
import { keysOf } from '../../src/keys.ts';
import { assertAddsUp, recordsOf } from '../support/crawls.ts';
import { bareCrawl, frontierKeys, recordedAtLeast } from '../support/fleets/steering.ts';
import { openFleets } from '../support/fleets.ts';
import { askedAgain, startsDuring } from '../support/politeness/auditor.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

test('pause: nothing begins later than 3 s after it; resume: the crawl goes on and ends with every page once', async (t) => {
  // Ten at a time and two seconds each: what is in the queue when the pause comes would go on beginning for
  // longer than it may.
  const site = await startSite({ pages: 200, behaviours: { '/p/*': { delayMs: 2000 } } });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const crawl = runner.start(['crawl', `${site.url}/`, '--crawl', 'c', '--per-host', '10', '--no-adaptive']);
  await until(async () => (await site.log()).length > 10, { what: 'the first pages' });
  const paused = await runner.run(['pause', 'c', '--json']);
  const fromMs = Date.now() + 3000;
  const { state, changed } = JSON.parse(paused.stdout);
  assert.deepEqual([paused.code, state, changed], [0, 'paused', true], paused.stderr);
  await crawl.line(/^crawl c is paused; resume it with: .*resume c$/);
  await until(() => Date.now() > fromMs + 2000, { what: 'the end of what was in flight' });
  await site.behave('/p/*', null);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.equal(counts.state, 'paused');

  const untilMs = Date.now();
  const resumed = await runner.run(['resume', 'c', '--json']);
  assert.deepEqual([JSON.parse(resumed.stdout).state, JSON.parse(resumed.stdout).changed], ['running', true]);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  assert.match(crawl.stderr(), /^crawl c was resumed$/m);
  const log = await site.log();
  assert.deepEqual(startsDuring(log, [{ fromMs, untilMs }]), []);
  assert.deepEqual(askedAgain(log), []);
  const records = await runner.results('c');
  assert.equal(new Set(records.map(({ url }) => url)).size, 201);
  assert.deepEqual([records.length, records.every(({ ok }) => ok)], [201, true]);
});

test('a retry whose time comes while its crawl is paused waits until that is resumed', async (t) => {
  const site = await startSite({ pages: 2, behaviours: { '/p/1': { status: 500, failTimes: 1 } } });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const seed = [`${site.url}/p/1`, '--depth', '0', '--ignore-robots', '--backoff', '8000'];
  const crawl = runner.start(['crawl', ...seed, '--crawl', 'c']);
  await until(async () => (await site.log()).length > 0, { what: 'the first attempt' });
  assert.equal((await runner.run(['pause', 'c'])).code, 0);
  const fromMs = Date.now() + 3000;
  await until(() => Date.now() > fromMs + 5500, { what: 'the time of the second attempt' });
  const untilMs = Date.now();
  assert.equal((await runner.run(['resume', 'c'])).code, 0);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  const log = await site.log();
  assert.deepEqual([log.length, startsDuring(log, [{ fromMs, untilMs }])], [2, []]);
});

test('cancel in the middle: the crawl command ends, the frontier is gone from Redis, counters and results stay and add up', async (t) => {
  const site = await startSite({ pages: 2000, latencyMs: 50 });
  t.after(() => site.stop());
  const { runner, namespace } = await fleets.open();
  const out = runner.path('pages.jsonl');
  const args = ['crawl', `${site.url}/`, '--crawl', 'c', '-o', out];
  const crawl = runner.start([...args, '--per-host', '8', '--no-adaptive']);
  await crawl.line(/^crawl c$/);
  await recordedAtLeast(runner, 'c', 50);
  const cancelled = await runner.run(['cancel', 'c', '--json']);
  assert.equal(cancelled.code, 0, cancelled.stderr);
  const { state, changed, unfetched } = JSON.parse(cancelled.stdout);
  assert.deepEqual([state, changed, unfetched > 100], ['cancelled', true, true], cancelled.stdout);
  assert.deepEqual(await frontierKeys(fleets.redis, namespace, 'c'), []);

  assert.equal((await crawl.exit).code, 1, crawl.stderr());
  assert.match(crawl.stderr(), /^Crawl c was cancelled after /m);
  assert.deepEqual(
    await frontierKeys(fleets.redis, namespace, 'c'),
    [],
    'the last pages in flight brought nothing back',
  );
  assert.equal(await fleets.redis.zscore(`${namespace}:active`, 'c'), null);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.waiting], ['cancelled', unfetched]);
  const records = await runner.results('c');
  assert.equal(records.length, counts.recorded + counts.refused);
  assert.deepEqual(counts.refusals, counts.refused > 0 ? { E_CANCELLED: counts.refused } : {});
  assert.equal((await recordsOf(out)).length, records.length);
  assert.deepEqual(askedAgain(await site.log()), []);

  const again = await runner.run([...args, '--overwrite', '--depth', '1', '--quiet', '--json']);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(JSON.parse(again.stdout).counts.crawl, 'c.2');
  assert.equal((await runner.results('c.2')).length, 21, 'anew, with all pages of that depth');
  assert.equal((await runner.status('c.1')).recorded, counts.recorded, 'the first stays as it was');
});

test('a cancel that was cut off is completed by running it again', async () => {
  const { runner, fleet, namespace } = await fleets.open();
  const hosts = 900;
  const urls = Array.from({ length: hosts * 2 }, (_, index) => `http://h${index % hosts}.example/${index}\n`);
  await writeFile(runner.path('list.txt'), urls.join(''));
  const args = ['enqueue', runner.path('list.txt'), '--crawl', 'c', '--max-per-host', '5'];
  assert.equal((await runner.run(args)).code, 0);
  // A seen set as large as that of a quarter of a million requests.
  const buckets = fleets.redis.pipeline().hset(keysOf(namespace).crawl('c'), 'buckets', 1200);
  for (let bucket = 0; bucket < 1200; bucket++)
    buckets.sadd(`${keysOf(namespace).crawl('c')}:s:${bucket}`, 1);
  await buckets.exec();
  const sizes = async () => {
    const names = await frontierKeys(fleets.redis, namespace, 'c');
    return ['l', 's'].map((kind) => names.filter((name) => name.startsWith(kind)).length);
  };
  assert.deepEqual(await sizes(), [hosts, 1200]);
  assert.equal((await steer(fleet, 'c', 'cancel')).changed, true);
  assert.equal(await dropStep(fleet, 'c'), true);
  const [lanes = 0, sets = 0] = await sizes();
  assert.ok(
    lanes > 0 && lanes < hosts && sets > 0 && sets < 1200,
    `${lanes} lanes and ${sets} sets are left`,
  );

  const { stdout, stderr } = await runner.run(['cancel', 'c', '--json']);
  const { state, changed, unfetched, waiting } = JSON.parse(stdout);
  assert.deepEqual([state, changed, unfetched, waiting], ['cancelled', false, hosts * 2, hosts * 2], stderr);
  assert.deepEqual(await frontierKeys(fleets.redis, namespace, 'c'), []);
});

test('steering an unknown or ended crawl is an error with its code and exit code 2; doing it twice is none', async () => {
  const { runner, fleet, namespace } = await fleets.open();
  const ended = await bareCrawl(fleets.redis, namespace, 'ended');
  await ended.leave();
  const waiting = await bareCrawl(fleets.redis, namespace, 'waiting');
  await waiting.offer();
  for (const steering of ['pause', 'resume', 'cancel'] as const) {
    await assert.rejects(steerCrawl(fleet, 'nobody', steering), { code: 'E_CRAWL_UNKNOWN' });
    await assert.rejects(steerCrawl(fleet, 'ended', steering), { code: 'E_CRAWL_ENDED' });
  }
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await runner.run(args);
    return `${code} ${stdout}${stderr}`;
  };
  const paused = '2 requests waiting; resume it with: npm run drover -- resume waiting\n';
  assert.equal(await said('pause', 'waiting'), `0 crawl waiting is paused: ${paused}`);
  assert.equal(await said('pause', 'waiting'), `0 crawl waiting was paused already: ${paused}`);
  const goesOn = '0 crawl waiting is running: 2 requests waiting for a consumer\n';
  assert.equal(await said('resume', 'waiting'), goesOn);
  assert.equal(await said('resume', 'waiting'), '0 crawl waiting was running already\n');
  const notFetched = '2 requests will not be fetched\n';
  assert.equal(await said('cancel', 'waiting'), `0 crawl waiting is cancelled: ${notFetched}`);
  assert.equal(await said('cancel', 'waiting'), `0 crawl waiting was cancelled already: ${notFetched}`);
  assert.match(
    await said('pause', 'waiting'),
    /^2 drover: The crawl has ended\. waiting was cancelled\.\n .*\(E_CRAWL_ENDED\)\n$/,
  );
  assert.match(await said('resume', 'nobody'), /^2 drover: .*"nobody"\.\n .*\(E_CRAWL_UNKNOWN\)\n$/);
});
