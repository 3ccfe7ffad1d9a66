import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import test, { after, before, type TestContext } from 'node:test';
import { readCounts } from '../../src/crawl/crawl.ts';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import { fleetOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { askedAgain } from '../support/politeness/auditor.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type DroverProcess, until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site/site.ts';

let server: TestRedis;
let redis: Redis;
let site: Site;
before(async () => {
  server = await startTestRedis({ args: ['--appendfsync', 'no'] });
  redis = connectRedis({ url: server.url }, 'script');
  site = await startSite({ pages: 50_000, bytes: 300, linksPerPage: 0 });
});
after(async () => {
  redis.disconnect();
  await site.stop();
  await server.stop();
});

interface Fleet {
  runner: CommandRunner;
  /** Of the crawl `c`. */
  counts(): Promise<CrawlCounts>;
  /** The path of a list of these pages of the site. */
  list(first: number, count: number): Promise<string>;
}

async function fleet(url = server.url, connection = redis): Promise<Fleet> {
  const named = `t${randomBytes(4).toString('hex')}`;
  const runner = await openCommandRunner({
    ...{ REDIS_URL: url, DROVER_NAMESPACE: named, DROVER_PER_HOST: '50', DROVER_DEPTH: '0' },
    DROVER_IGNORE_ROBOTS: '1',
  });
  return {
    runner,
    counts: () => readCounts(fleetOf(connection, namespaceOf(named)), 'c'),
    async list(first, count) {
      const path = runner.path(`${first}.txt`);
      const lines = Array.from({ length: count }, (_, page) => `${site.url}/p/${first + page}\n`);
      await writeFile(path, lines.join(''));
      return path;
    },
  };
}

const notices = (producer: DroverProcess) => producer.stderr().match(/^held back: .*$/gm) ?? [];

/** Looks at the crawl until the producer has ended; answers the most that waited. */
async function mostWaiting(counts: Fleet['counts'], ...producers: DroverProcess[]): Promise<number> {
  let [most, ended] = [0, 0];
  for (const { exit } of producers) exit.then(() => ended++);
  await until(
    async () => {
      const { waiting } = await counts();
      most = Math.max(most, waiting);
      return ended === producers.length;
    },
    { what: 'the producers to end', deadlineMs: 60_000 },
  );
  return most;
}

test('a producer of more than the frontier holds says so once and waits, goes on as consumers make room, and ends with all accepted', async () => {
  const { runner, counts, list } = await fleet();
  const args = ['enqueue', await list(0, 2500), '--crawl', 'c', '--max-frontier', '500', '--json'];
  const producer = runner.start(args);
  const notice = await producer.line(/^held back: /);
  assert.match(
    notice,
    /^held back: the frontier has 5[0-4]\d of at most 500 requests \(--max-frontier\); more seeds are accepted as consumers fetch$/,
  );
  const held = await counts();
  assert.ok(held.waiting >= 500 && held.waiting < 550, `${held.waiting} wait`);
  assert.equal(producer.child.exitCode, null);
  assert.equal((await counts()).accepted, held.accepted, 'nothing more until there is room');

  const consumer = runner.start(['consume']);
  const most = await mostWaiting(counts, producer);
  assert.ok(most < 550, `${most} waited`);
  assert.equal((await producer.exit).code, 0, producer.stderr());
  assert.deepEqual(notices(producer), [notice]);
  const { accepted, duplicates, rejected } = JSON.parse(producer.stdout());
  assert.deepEqual([accepted, duplicates, rejected], [2500, 0, 0]);
  await until(async () => (await counts()).state === 'finished', { what: 'the end', deadlineMs: 60_000 });
  consumer.kill();
  const end = await counts();
  assertAddsUp(end);
  assert.deepEqual([end.recorded, end.dead], [2500, 0]);
});

test('Ctrl-C while held back: exit code 130 at once, and the same command again completes it', async () => {
  const { runner, counts, list } = await fleet();
  const args = ['enqueue', await list(5000, 1500), '--crawl', 'c', '--max-frontier', '500', '--json'];
  const producer = runner.start(args);
  await producer.line(/^held back: /);
  const stoppedAt = performance.now();
  producer.kill('SIGINT');
  assert.equal((await producer.exit).code, 130, producer.stderr());
  assert.ok(performance.now() - stoppedAt < 2000, 'at once');
  assert.doesNotMatch(producer.stderr(), /should not have happened/);
  const { accepted } = await counts();
  assert.ok(accepted >= 500 && accepted < 550, `${accepted} accepted`);

  const again = runner.start(args);
  await again.line(/^held back: /);
  const consumer = runner.start(['consume']);
  assert.equal((await again.exit).code, 0, again.stderr());
  const totals = JSON.parse(again.stdout());
  assert.deepEqual([totals.crawl, totals.accepted + totals.duplicates], ['c', 1500]);
  assert.equal(totals.accepted, 1500 - accepted);
  await until(async () => (await counts()).state === 'finished', { what: 'the end', deadlineMs: 60_000 });
  consumer.kill();
  assert.equal((await counts()).recorded, 1500);
});

test('two producers at once: both are held back, together they keep to the limit, and all of both is accepted', async () => {
  const { runner, counts, list } = await fleet();
  const lists = [await list(10_000, 1500), await list(12_000, 1500)];
  const producers = lists.map((path) =>
    runner.start(['enqueue', path, '--crawl', 'c', '--max-frontier', '500', '--json']),
  );
  for (const producer of producers) await producer.line(/^held back: /);
  const consumer = runner.start(['consume']);
  const most = await mostWaiting(counts, ...producers);
  assert.ok(most < 600, `${most} waited`);
  for (const producer of producers) {
    assert.equal((await producer.exit).code, 0, producer.stderr());
    assert.equal(JSON.parse(producer.stdout()).accepted, 1500);
    assert.equal(notices(producer).length, 1);
  }
  await until(async () => (await counts()).state === 'finished', { what: 'the end', deadlineMs: 60_000 });
  consumer.kill();
  assert.deepEqual([(await counts()).recorded, (await counts()).dead], [3000, 0]);
});

test('the links of pages are never held back: a crawl with room for one ends with all pages, each fetched once', async (t) => {
  // More than one part of links: all but the last are offered as a producer offers, while the page is open.
  const body = Array.from({ length: 1200 }, (_, page) => `<a href="/p/${page}">${page}</a>`).join('\n');
  const behaviours = { '/': { body, headers: { 'content-type': 'text/html' } } };
  const linked = await startSite({ pages: 1200, bytes: 300, linksPerPage: 1, behaviours });
  t.after(() => linked.stop());
  const { runner, counts } = await fleet();
  const seeds = Array.from({ length: 40 }, (_, page) => `${linked.url}/p/${page}\n`);
  await writeFile(runner.path('seeds.txt'), seeds.join(''));
  const args = ['crawl', `${linked.url}/`, runner.path('seeds.txt'), '--crawl', 'c', '--max-frontier', '1'];
  const { code, stderr } = await runner.run([...args, '--depth', '2000']);
  assert.equal(code, 0, stderr);
  assert.equal((await counts()).recorded, 1201);
  assert.deepEqual(askedAgain(await linked.log()), []);
});

interface SmallRedis {
  url: string;
  connection: Redis;
  /** Bounds its memory to so much more than it uses now; null for no bound. */
  allow(bytes: number | null): Promise<void>;
}

async function smallRedis(t: TestContext): Promise<SmallRedis> {
  const small = await startTestRedis({ args: ['--appendfsync', 'no'] });
  t.after(() => small.stop());
  const connection = connectRedis({ url: small.url }, 'script');
  t.after(() => connection.disconnect());
  return {
    url: small.url,
    connection,
    async allow(bytes) {
      const used = Number(/^used_memory:(\d+)/m.exec(await connection.info('memory'))?.[1]);
      await connection.config('SET', 'maxmemory', String(bytes === null ? 0 : used + bytes));
    },
  };
}

test("while Redis' memory is full a producer waits, and goes on when it is raised; nothing is lost", async (t) => {
  const small = await smallRedis(t);
  const { runner, counts } = await fleet(small.url, small.connection);
  const pipe = runner.path('list');
  execFileSync('mkfifo', [pipe]);
  const producer = runner.start(['enqueue', pipe, '--crawl', 'c', '--json']);
  const list = await open(pipe, 'w');
  await list.write(`${site.url}/p/0\n`);
  await until(async () => (await counts()).accepted === 1, { what: 'the first line to be accepted' });
  await small.allow(-500_000);
  // A new host each: what lets private ones through the guard takes memory too.
  const urls = Array.from(
    { length: 5000 },
    (_, page) => `http://h${page}.localhost:${site.port}/p/${page}\n`,
  );
  const written = list.writeFile(urls.join(''));
  assert.match(
    await producer.line(/^held back: /),
    /^held back: Redis is out of memory\. .*OOM.* More seeds are accepted when that is over\. \(E_REDIS_MEMORY\)$/,
  );
  assert.equal((await counts()).accepted, 1);
  await small.allow(null);
  await written;
  await list.close();
  assert.equal((await producer.exit).code, 0, producer.stderr());
  assert.equal(notices(producer).length, 1);
  assert.equal(JSON.parse(producer.stdout()).accepted, 5001);
});

test('a crawl whose Redis is full for a while stands still, then goes on in the same process, and ends with every page once', async (t) => {
  const small = await smallRedis(t);
  const flat = await startSite({ pages: 3000, bytes: 300, linksPerPage: 0 });
  t.after(() => flat.stop());
  const { runner, counts } = await fleet(small.url, small.connection);
  await writeFile(
    runner.path('list.txt'),
    Array.from({ length: 3000 }, (_, page) => `${flat.url}/p/${page}\n`).join(''),
  );
  const crawl = runner.start(['crawl', runner.path('list.txt'), '--crawl', 'c', '--quiet']);
  await until(async () => (await flat.ended()) > 500, { what: 'some pages' });
  await small.allow(-500_000);
  let [last, since] = [0, 0];
  const standsStill = async () => {
    const ended = await flat.ended();
    if (ended !== last) [last, since] = [ended, performance.now()];
    return performance.now() - since > 2500;
  };
  await until(standsStill, { what: 'the crawl to stand still', deadlineMs: 20_000 });
  assert.ok(last < 3000 && crawl.child.exitCode === null, `${last} pages fetched`);
  await small.allow(null);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  const end = await counts();
  assertAddsUp(end);
  assert.deepEqual([end.recorded, end.dead], [3000, 0]);
  const paths = new Set((await flat.log()).map(({ path }) => path));
  assert.equal(paths.size, 3000);
});
