// A fleet with one store in S3: consumers with data directories of their own, killed while they put records,
// over a network that fails; and readers on machines that have nothing but the address of Redis and the keys.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test, { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCounts } from '../../src/crawl/crawl.ts';
import { machine } from '../support/fleets/machines.ts';
import { reachOf } from '../support/fleets/progress.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { startFaultyProxy } from '../support/stores/faulty-proxy.ts';
import { needsRadosgw, SECRET_KEY, startRadosgw, type TestS3 } from '../support/stores/radosgw.ts';

const fleets = openFleets();
let s3: TestS3;
before(async () => {
  if (needsRadosgw.skip) return;
  s3 = await startRadosgw();
});
after(() => s3?.stop());

test(
  'three consumers, killed over a store that fails: results complete, each once, from a machine with only the keys',
  needsRadosgw,
  async (t) => {
    const PAGES = 400;
    const site = await startSite({ pages: PAGES, latencyMs: 15, behaviours: { '/p/399': { status: 404 } } });
    const faulty = await startFaultyProxy(s3.endpoint);
    t.after(async () => {
      await site.stop();
      await faulty.stop();
    });
    const env: Record<string, string> = { ...s3.env, AWS_ENDPOINT_URL_S3: faulty.endpoint };
    const { runner, fleet } = await fleets.open({ DROVER_LOCK_DURATION: '3s' });
    const begin = [
      'enqueue',
      `${site.url}/`,
      '--crawl',
      'c',
      '--store',
      's3://crawls/fleet',
      '--per-host',
      '30',
    ];
    const begun = await runner.run([...begin, '--quiet'], { env });
    assert.equal(begun.code, 0, begun.stderr);
    // Only the keys: the crawl keeps endpoint and region.
    const { AWS_ENDPOINT_URL_S3: _, AWS_REGION: __, ...keys } = env;
    const consume = (name: string) => runner.start(['consume', '-c', '10'], machine(runner, name, keys));
    const consumers = ['one', 'two', 'three'].map(consume);
    const counts = () => readCounts(fleet, 'c');
    const reach = reachOf(fleet, 'c', 60_000);
    await reach(40);
    consumers[0]?.killGroup('SIGKILL');
    await reach(100);
    // Killed while an object is on the server and its answer is held back.
    await faulty.holdNext();
    consumers[1]?.killGroup('SIGKILL');
    faulty.letGo();
    consumers.push(consume('one'), consume('two'));
    await until(async () => (await counts()).state === 'finished', { what: 'the end', deadlineMs: 120_000 });
    assert.equal((await counts()).recorded, PAGES + 1);
    assert.ok(faulty.spoilt() > 3, `${faulty.spoilt()}`);
    faulty.heal();

    const elsewhere = { env: { ...keys, DROVER_DATA_DIR: runner.path('elsewhere') } };
    const read = await runner.run(['results', 'c'], elsewhere);
    assert.equal(read.code, 0, read.stderr);
    const urls = read.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).url);
    assert.deepEqual([urls.length, new Set(urls).size], [PAGES + 1, PAGES + 1]);
    for (const name of ['one', 'two', 'three'])
      assert.equal(existsSync(runner.path(`${name}/data/records`)), false);
    const explained = await runner.run(['explain', `${site.url}/p/399`, '--json'], elsewhere);
    assert.equal(JSON.parse(explained.stdout).record?.record.status, 404, explained.stderr);
    const report = await runner.run(['report', 'c', '--json'], elsewhere);
    assert.equal(JSON.parse(report.stdout).brokenLinks[0].url, `${site.url}/p/399`, report.stderr);
    const without = await runner.run(['results', 'c'], { env: { HOME: '/nowhere' } });
    assert.equal(without.code, 3);
    assert.match(without.stderr, /AWS_ACCESS_KEY_ID[\s\S]*\(E_STORE_AUTH\)/);

    // Nothing that is kept or said holds the secret.
    const kept = JSON.stringify(await fleet.redis.hgetall(fleet.keys.crawl('c')));
    assert.ok(kept.includes('s3://crawls/fleet?endpoint='), kept);
    const logs = ['one', 'two', 'three'].map((name) =>
      readFileSync(runner.path(`${name}/data/drover.log`), 'utf8'),
    );
    for (const text of [kept, ...logs, ...consumers.map((each) => each.stderr())])
      assert.ok(!text.includes(SECRET_KEY));

    const checked = await runner.run(['doctor', '--store', 's3://crawls/fleet', '--json'], { env });
    assert.match(checked.stdout, /"store","ok":"yes"[^}]*obeys If-None-Match/);
    const wrong = await runner.run(['crawl', `${site.url}/`, '--store', 's3://nothing/x', '--quiet'], {
      env,
    });
    assert.deepEqual([wrong.code, wrong.stderr.includes('(E_STORE_DATABASE)')], [3, true], wrong.stderr);
    const forgotten = await runner.run(['forget', 'c', '--records'], elsewhere);
    assert.equal(forgotten.code, 0, forgotten.stderr);
  },
);

test(
  'while the store takes its time, others are fetched: up to six times the concurrency, and never more of a host at once than it allows',
  needsRadosgw,
  async (t) => {
    const PAGES = 150;
    const site = await startSite({ pages: PAGES, latencyMs: 10 });
    const proxy = await startFaultyProxy(s3.endpoint);
    proxy.heal();
    t.after(async () => {
      await site.stop();
      await proxy.stop();
    });
    const { runner, fleet } = await fleets.open();
    const env = { ...s3.env, AWS_ENDPOINT_URL_S3: proxy.endpoint };
    const how = [
      '--crawl',
      'c',
      '--store',
      's3://crawls/slow',
      '-c',
      '4',
      '--per-host',
      '3',
      '--processes',
      '1',
    ];
    const crawl = runner.start(['crawl', `${site.url}/`, ...how], { env });
    const recorded = async () => (await readCounts(fleet, 'c').catch(() => null))?.recorded ?? 0;
    const pages = async () => (await site.log()).filter(({ path }) => path !== '/robots.txt');
    await until(async () => (await recorded()) > 0, { what: 'a record', deadlineMs: 30_000 });
    await proxy.holdNext();
    const inHand = async () => (await pages()).length - (await recorded());
    await until(async () => (await inHand()) >= 16, { what: 'pages that wait for the store' });
    let most = 0;
    for (let look = 0; look < 20; look++) {
      most = Math.max(most, await inHand());
      await sleep(50);
    }
    assert.ok(most <= 24, `${most} pages were fetched and have no record`);
    const held = await recorded();
    proxy.letGo();
    assert.equal((await crawl.exit).code, 0, crawl.stderr());
    assert.ok(held < PAGES, `${held}`);
    const log = await pages();
    assert.deepEqual([log.length, new Set(log.map(({ path }) => path)).size], [PAGES + 1, PAGES + 1]);
    const atOnce = log.map(
      ({ start }) => log.filter((other) => other.start <= start && other.end > start).length,
    );
    assert.ok(Math.max(...atOnce) <= 3, `${Math.max(...atOnce)} at once`);
    const read = await runner.run(['results', 'c'], { env });
    assert.equal(read.stdout.split('\n').filter(Boolean).length, PAGES + 1, read.stderr);
  },
);
