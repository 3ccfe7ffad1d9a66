import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import fc from 'fast-check';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl, leaveCrawl, readCounts } from '../../src/crawl/crawl.ts';
import { steerCrawl } from '../../src/crawl/steer.ts';
import { type Fleet, fleetOf } from '../../src/fleet.ts';
import { createCommitter, type Ending } from '../../src/frontier/commit.ts';
import { dispatch } from '../../src/frontier/dispatch.ts';
import { entryOf } from '../../src/frontier/entry.ts';
import { offer } from '../../src/frontier/offer.ts';
import { dropStep, type Steering, steer } from '../../src/frontier/steer.ts';
import { keysOf, namespaceOf } from '../../src/keys.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import { askedAgain, startsDuring } from '../support/auditor.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner, recordsOf } from '../support/crawls.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

let server: TestRedis;
let redis: Redis;
before(async () => {
  server = await startTestRedis();
  redis = connectRedis({ url: server.url }, 'script');
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

/** Commands of one fleet of the test's own, in the Redis of this file. */
async function openFleet(): Promise<{ runner: CommandRunner; fleet: Fleet; namespace: string }> {
  const prefix = `t${randomUUID().slice(0, 8)}`;
  const runner = await openCommandRunner({ REDIS_URL: server.url, DROVER_NAMESPACE: prefix });
  const namespace = namespaceOf(prefix);
  return { runner, fleet: fleetOf(redis, namespace), namespace };
}

/** What a crawl's frontier takes in Redis: lanes, due set, buckets of the seen set, accepted requests by host. */
async function frontierKeys(namespace: string, crawl: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(
      cursor,
      'MATCH',
      `${keysOf(namespace).crawl(crawl)}:*`,
      'COUNT',
      1000,
    );
    found.push(...keys);
    cursor = next;
  } while (cursor !== '0');
  const names = found.map((key) => key.slice(keysOf(namespace).crawl(crawl).length + 1));
  return names.filter((name) => /^(l\d:|s:\d|due$|accepts$)/.test(name));
}

const recordedAtLeast = (runner: CommandRunner, crawl: string, count: number) =>
  until(async () => (await runner.status(crawl)).recorded >= count, { what: `${count} pages of ${crawl}` });

test('pause: nothing begins later than 3 s after it; resume: the crawl goes on and ends with every page once', async (t) => {
  // Ten at a time and two seconds each: what is in the queue when the pause comes would go on beginning for longer than it may.
  const site = await startSite({ pages: 200, behaviours: { '/p/*': { delayMs: 2000 } } });
  t.after(() => site.stop());
  const { runner } = await openFleet();
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
  const { runner } = await openFleet();
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
  const { runner, namespace } = await openFleet();
  const out = runner.path('pages.jsonl');
  const args = ['crawl', `${site.url}/`, '--crawl', 'c', '-o', out];
  const crawl = runner.start([...args, '--per-host', '8', '--no-adaptive']);
  await crawl.line(/^crawl c$/);
  await recordedAtLeast(runner, 'c', 50);
  const cancelled = await runner.run(['cancel', 'c', '--json']);
  assert.equal(cancelled.code, 0, cancelled.stderr);
  const { state, changed, unfetched } = JSON.parse(cancelled.stdout);
  assert.deepEqual([state, changed, unfetched > 100], ['cancelled', true, true], cancelled.stdout);
  assert.deepEqual(await frontierKeys(namespace, 'c'), []);

  assert.equal((await crawl.exit).code, 1, crawl.stderr());
  assert.match(crawl.stderr(), /^Crawl c was cancelled after /m);
  assert.deepEqual(await frontierKeys(namespace, 'c'), [], 'the last pages in flight brought nothing back');
  assert.equal(await redis.zscore(`${namespace}:active`, 'c'), null);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.waiting], ['cancelled', unfetched]);
  const records = await runner.results('c');
  assert.equal(records.length, counts.recorded + counts.refused);
  assert.deepEqual(counts.refusals, counts.refused > 0 ? { E_CANCELLED: counts.refused } : {});
  assert.equal((await recordsOf(out)).length, records.length);
  assert.deepEqual(askedAgain(await site.log()), []);

  const again = await runner.run([...args, '--depth', '1', '--quiet', '--json']);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(JSON.parse(again.stdout).counts.crawl, 'c.2');
  assert.equal((await runner.results('c.2')).length, 21, 'anew, with all pages of that depth');
  assert.equal((await runner.status('c.1')).recorded, counts.recorded, 'the first stays as it was');
});

test('a cancel that was cut off is completed by running it again', async () => {
  const { runner, fleet, namespace } = await openFleet();
  const hosts = 900;
  const urls = Array.from({ length: hosts * 2 }, (_, index) => `http://h${index % hosts}.example/${index}\n`);
  await writeFile(runner.path('list.txt'), urls.join(''));
  const args = ['enqueue', runner.path('list.txt'), '--crawl', 'c', '--max-per-host', '5'];
  assert.equal((await runner.run(args)).code, 0);
  // A seen set as large as that of a quarter of a million requests.
  const buckets = redis.pipeline().hset(keysOf(namespace).crawl('c'), 'buckets', 1200);
  for (let bucket = 0; bucket < 1200; bucket++)
    buckets.sadd(`${keysOf(namespace).crawl('c')}:s:${bucket}`, 1);
  await buckets.exec();
  const sizes = async () => {
    const names = await frontierKeys(namespace, 'c');
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
  assert.deepEqual(await frontierKeys(namespace, 'c'), []);
});

test('steering an unknown or ended crawl is an error with its code and exit code 2; doing it twice is none', async () => {
  const { runner, fleet, namespace } = await openFleet();
  const ended = await bareCrawl(namespace, 'ended');
  await ended.leave();
  const waiting = await bareCrawl(namespace, 'waiting');
  await waiting.offer();
  for (const steering of ['pause', 'resume', 'cancel'] as const) {
    await assert.rejects(steerCrawl(fleet, 'nobody', steering), { code: 'E_CRAWL_UNKNOWN' });
    await assert.rejects(steerCrawl(fleet, 'ended', steering), { code: 'E_CRAWL_ENDED' });
  }
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await runner.run(args);
    return `${code} ${stdout}${stderr}`;
  };
  const paused = '2 requests waiting; resume it with: drover resume waiting\n';
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

test('enqueue only offers to a paused crawl; the crawl command says that it is paused, waits, and goes on when another resumes it', async (t) => {
  const site = await startSite({ pages: 20 });
  t.after(() => site.stop());
  const { runner } = await openFleet();
  await writeFile(runner.path('one.txt'), `${site.url}/p/1\n`);
  await writeFile(runner.path('two.txt'), `${site.url}/p/2\n`);
  const same = ['--crawl', 'c', '--depth', '0', '--quiet'];
  assert.equal((await runner.run(['enqueue', runner.path('one.txt'), ...same])).code, 0);
  assert.equal((await runner.run(['pause', 'c'])).code, 0);
  assert.equal((await runner.run(['enqueue', runner.path('two.txt'), ...same])).code, 0);
  const crawl = runner.start(['crawl', runner.path('one.txt'), ...same]);
  await crawl.line(/^crawl c is paused; resume it with: npm run drover -- resume c$/);
  const { state, accepted, waiting } = await runner.status('c');
  assert.deepEqual([state, accepted, waiting], ['paused', 2, 2]);
  assert.deepEqual(await site.log(), []);
  await runner.run(['resume', 'c']);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  assert.equal((await runner.status('c')).recorded, 2);
});

/** A list that grows while it is read. */
async function growingList(runner: CommandRunner) {
  const path = runner.path('list');
  execFileSync('mkfifo', [path]);
  // For reading too: then opening it does not wait for the reader.
  return { path, file: await open(path, 'r+') };
}

test('a producer that offers to a crawl while it is cancelled ends with exit code 2 and says so', async () => {
  const { runner } = await openFleet();
  const { path, file } = await growingList(runner);
  const enqueue = runner.start(['enqueue', path, '--crawl', 'c']);
  await file.write('http://a.example/1\n');
  const accepted = () =>
    runner.run(['status', 'c', '--json']).then(({ stdout }) => stdout.includes('"accepted":1'));
  await until(accepted, { what: 'the first line to be accepted' });
  await runner.run(['cancel', 'c']);
  await file.write('http://a.example/2\n');
  await file.close();
  assert.equal((await enqueue.exit).code, 2);
  assert.match(enqueue.stderr(), /^drover: .*cancelled.*$/m);
});

test('the crawl command ends when its crawl is cancelled, though more seeds may come', async (t) => {
  const site = await startSite({ pages: 3 });
  t.after(() => site.stop());
  const { runner } = await openFleet();
  const { path, file } = await growingList(runner);
  const crawl = runner.start(['crawl', path, '--crawl', 'c', '--depth', '0']);
  await file.write(`${site.url}/p/1\n`);
  await crawl.line(/^crawl c$/);
  await recordedAtLeast(runner, 'c', 1);
  await runner.run(['cancel', 'c']);
  await crawl.line(/^Crawl c was cancelled after .*: 1 page recorded\.$/);
  await file.close();
  assert.equal((await crawl.exit).code, 1, crawl.stderr());
});

/** A crawl without commands: what they do to Redis, one by one. */
async function bareCrawl(namespace = namespaceOf(`t${randomUUID().slice(0, 8)}`), name = 'c') {
  const fleet = fleetOf(redis, namespace);
  const settings = crawlSettings({ ...defaultSettings, perHost: 2 });
  const { id } = await beginCrawl(fleet, { name, producer: 'p', settings, seeds: '' });
  const committer = createCommitter(fleet);
  let at = 0;
  const page = () => ({ url: `http://a.example/${at++}`, depth: 0, referrer: null, extras: null });
  const open = new Map<string, string>();
  return {
    fleet,
    namespace,
    id,
    page,
    open,
    counts: () => readCounts(fleet, id),
    leave: () => leaveCrawl(fleet, id, 'p'),
    offer: () => offer(fleet, id, [page(), page()]).catch(() => null),
    async turn() {
      const asked = { serve: '*', waitList: `${namespace}:wait`, wanted: 10, leaseMs: 4000, releases: [] };
      const { handed } = await dispatch(fleet, { ...asked, arrived: [...open.keys()] });
      for (const { id: request } of handed) open.set(`${id}.${request}`, request);
      return handed.length;
    },
    /** Ends the oldest open request, as a page with a new link; its slot comes back with the lease of the key gone. */
    async end() {
      const [member, request] = open.entries().next().value ?? [];
      if (!member || !request) return;
      open.delete(member);
      const ending: Ending = {
        ...{ crawl: id, id: request, claim: 0, kind: 'recorded', key: 'a.example', status: 200, code: null },
        ...{ bytes: 1, reason: '', links: entryOf(page(), 'a.example'), leftOut: {}, host: '' },
      };
      assert.equal(await committer.commit(ending), 'done');
      await redis.del(`${namespace}:k:a.example:s`);
    },
  };
}

test('resuming a crawl of which nothing is left ends it at once, but not while a producer is at work on it', async () => {
  const { fleet, id, leave } = await bareCrawl();
  await steerCrawl(fleet, id, 'pause');
  const working = await steerCrawl(fleet, id, 'resume');
  assert.equal(working.counts.state, 'running');
  await steerCrawl(fleet, id, 'pause');
  await leave();
  const ended = await steerCrawl(fleet, id, 'resume');
  assert.deepEqual([ended.counts.state, ended.changed], ['finished', true]);
});

type Move = Steering | 'offer' | 'turn' | 'end';
const next: Record<string, Partial<Record<Move, string>>> = {
  running: { pause: 'paused', cancel: 'cancelled' },
  paused: { resume: 'running', cancel: 'cancelled' },
};

test('however a crawl is steered: only a running one gives requests, a cancelled one takes none, the counters add up', async () => {
  // A cancel ends the play, so it comes seldom.
  const moves = fc.oneof(
    { arbitrary: fc.constantFrom<Move>('pause', 'resume', 'offer', 'turn', 'turn', 'end'), weight: 12 },
    { arbitrary: fc.constant<Move>('cancel'), weight: 1 },
  );
  const run = async (sequence: Move[]) => {
    const crawl = await bareCrawl();
    let state = 'running';
    for (const move of sequence) {
      const { accepted } = await crawl.counts();
      if (move === 'offer') await crawl.offer();
      else if (move === 'turn') assert.ok((await crawl.turn()) === 0 || state === 'running', state);
      else if (move === 'end') await crawl.end();
      else await steerCrawl(crawl.fleet, crawl.id, move).catch((error) => error);
      state = next[state]?.[move] ?? state;
      const counts = await crawl.counts();
      assertAddsUp(counts);
      assert.equal(counts.state, state);
      const isActive = (await redis.zscore(`${crawl.namespace}:active`, crawl.id)) !== null;
      assert.ok(!isActive || state === 'running', `active though ${state}`);
      if (state === 'running' && counts.waiting > 0) assert.ok(isActive, 'running with requests, not active');
      if (state !== 'cancelled') continue;
      assert.deepEqual(await frontierKeys(crawl.namespace, crawl.id), []);
      assert.equal(counts.accepted, accepted, 'nothing was accepted any more');
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(moves, { minLength: 10, maxLength: 30 }), run), { numRuns: 60 });
});
