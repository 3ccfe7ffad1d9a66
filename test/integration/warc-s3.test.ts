// WARC files in a bucket: of consumers that are killed while they put, over a network that fails; packed on a
// machine that has nothing but the address of Redis and the keys.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readS3Address } from '../../src/config/s3-address.ts';
import { readCounts } from '../../src/crawl/crawl.ts';
import { openBucket } from '../../src/records/s3/bucket.ts';
import { faultsOf, readWarcs, warcPaths } from '../support/archives/read-warc.ts';
import { reachOf } from '../support/fleets/progress.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { startFaultyProxy } from '../support/stores/faulty-proxy.ts';
import { needsRadosgw, radosgwForTests } from '../support/stores/radosgw.ts';

const fleets = openFleets();
const s3 = radosgwForTests();

/** What is in a WACZ: its directory, and the records that warcio reads. */
async function unpack(file: string) {
  const directory = `${file}.d`;
  execFileSync('unzip', ['-q', file, '-d', directory]);
  const archive = join(directory, 'archive');
  return { directory, records: await readWarcs(await warcPaths(archive)), archive };
}

/** Each line of the index leads to the record that it names. Returns how many there are. */
async function checkIndex(directory: string): Promise<number> {
  const lines = (await readFile(join(directory, 'indexes/index.cdxj'), 'utf8')).trimEnd().split('\n');
  for (const line of lines) {
    const { url, filename, offset, length } = JSON.parse(line.slice(line.indexOf('{')));
    const bytes = await readFile(join(directory, 'archive', filename));
    const record = gunzipSync(bytes.subarray(Number(offset), Number(offset) + Number(length)));
    assert.ok(record.includes(`\r\nWARC-Target-URI: ${url}\r\n`), line);
  }
  return lines.length;
}

test(
  'three consumers, killed over a bucket that fails: no page is missing, packed from a machine with only the keys',
  needsRadosgw,
  async (t) => {
    const PAGES = 300;
    const site = await startSite({ pages: PAGES, latencyMs: 15 });
    const faulty = await startFaultyProxy(s3.endpoint);
    t.after(async () => {
      await site.stop();
      await faulty.stop();
    });
    const env: Record<string, string> = { ...s3.env, AWS_ENDPOINT_URL_S3: faulty.endpoint };
    const { runner, fleet } = await fleets.open({ DROVER_LOCK_DURATION: '3s' });
    const place = 's3://crawls/both';
    const args = ['enqueue', `${site.url}/`, '--crawl', 'c', '--store', place, '--warc', place];
    const begun = await runner.run([...args, '--per-host', '30', '--quiet'], { env });
    assert.equal(begun.code, 0, begun.stderr);
    const { AWS_ENDPOINT_URL_S3: _, AWS_REGION: __, ...keys } = env;
    const consume = (name: string) =>
      runner.start(['consume', '--data-dir', runner.path(name), '-c', '10'], { env: keys });
    const consumers = ['one', 'two', 'three'].map(consume);
    const counts = () => readCounts(fleet, 'c');
    const reach = reachOf(fleet, 'c', 60_000);
    await reach(40);
    consumers[0]?.killGroup('SIGKILL');
    await reach(80);
    await faulty.holdNext();
    consumers[1]?.killGroup('SIGKILL');
    faulty.letGo();
    consumers.push(consume('one'));
    await reach(200);
    assert.ok(faulty.spoilt() > 3, `${faulty.spoilt()}`);
    faulty.heal();
    const elsewhere = { env: { ...keys, DROVER_DATA_DIR: runner.path('elsewhere') } };
    const during = await runner.run(['archive', 'c', '-o', runner.path('during.wacz')], elsewhere);
    assert.equal(during.code, 0, during.stderr);
    const early = await unpack(runner.path('during.wacz'));
    assert.deepEqual(faultsOf(early.records), []);
    assert.ok((await checkIndex(early.directory)) > 60);

    await until(async () => (await counts()).state === 'finished', { what: 'the end', deadlineMs: 120_000 });
    const running = [consumers[2], consumers[3]];
    for (const one of running) one?.kill('SIGTERM');
    await Promise.all(running.map((one) => one?.exit));

    const packed = await runner.run(['archive', 'c', '--json', '-o', runner.path('c.wacz')], elsewhere);
    assert.equal(packed.code, 0, packed.stderr);
    assert.equal(JSON.parse(packed.stdout).pages, PAGES + 1);
    const { records, directory } = await unpack(runner.path('c.wacz'));
    assert.deepEqual(faultsOf(records), []);
    const answers = records.filter(({ type }) => type === 'response' || type === 'revisit');
    const urls = new Set(answers.map(({ url }) => url));
    for (let page = 0; page < PAGES; page++) assert.ok(urls.has(`${site.url}/p/${page}`), `page ${page}`);
    assert.equal(await checkIndex(directory), answers.length);
    const ids = records.map(({ field }) => field('WARC-Record-ID'));
    assert.equal(new Set(ids).size, ids.length, 'no record is there twice');
    for (const { type, field } of records)
      if (type !== 'warcinfo') assert.ok(ids.includes(field('WARC-Warcinfo-ID')));

    // Of those that ended, one file with its index; of those that were killed, their blocks.
    const bucket = openBucket(readS3Address(`${place}?endpoint=${s3.endpoint}`));
    t.after(() => bucket.close());
    const names = (await bucket.list('', 'drover-')).map(({ name }) => name);
    const complete = names.filter((name) => name.endsWith('.cdxj'));
    assert.equal(complete.length, 2, names.join('\n'));
    for (const index of complete) {
      const writer = index.replace(/\.\d{9}-\d{9}\.warc\.gz\.cdxj$/, '');
      const own = names.filter((name) => name.startsWith(writer));
      assert.deepEqual(own.sort(), [index.slice(0, -'.cdxj'.length), index].sort());
    }
    for (const name of ['one', 'three']) assert.equal(existsSync(runner.path(`${name}/records`)), false);

    // Copied to a directory, they can be packed from there.
    const copies = runner.path('copies');
    await mkdir(copies);
    for (const name of names)
      await writeFile(join(copies, name), (await bucket.get(name, 1e9)) ?? assert.fail(name));
    const forgotten = await runner.run(['results', 'c'], elsewhere);
    assert.equal(forgotten.stdout.trim().split('\n').length, PAGES + 1);
    const again = ['archive', 'c', '--json', '-o', runner.path('copies.wacz'), '--from', copies];
    const fromCopies = await runner.run(again, elsewhere);
    assert.equal(fromCopies.code, 0, fromCopies.stderr);
    assert.equal(JSON.parse(fromCopies.stdout).pages, PAGES + 1);
  },
);

test(
  'a bucket that stands still holds pages back, and nothing is lost when it goes on',
  needsRadosgw,
  async (t) => {
    const PAGES = 200;
    const site = await startSite({ pages: PAGES, latencyMs: 5 });
    const slow = await startFaultyProxy(s3.endpoint);
    slow.heal();
    t.after(async () => {
      await site.stop();
      await slow.stop();
    });
    const env = { ...s3.env, AWS_ENDPOINT_URL_S3: slow.endpoint };
    const { runner, fleet } = await fleets.open();
    const args = ['crawl', `${site.url}/`, '--crawl', 'slow', '--warc', 's3://crawls/slow', '--quiet'];
    const drover = runner.start([...args, '--per-host', '20', '-c', '10', '--warc-size', '100kB'], { env });
    await until(() => site.ended(), { what: 'the first request' });
    const ended = async () => (await readCounts(fleet, 'slow')).recorded;
    await until(async () => (await ended()) > 30, { what: '30 pages', deadlineMs: 30_000 });
    await slow.holdNext();
    const before = await ended();
    // The fetches come to a stand: no more than are in hand.
    let seen = -1;
    const stands = async () => {
      const before = seen;
      seen = await site.ended();
      return seen === before;
    };
    await until(stands, { what: 'a stand', everyMs: 700, deadlineMs: 20_000 });
    assert.ok(seen < PAGES, `${seen} requests while nothing could be written`);
    assert.ok((await ended()) <= before + 10);
    slow.letGo();
    assert.equal((await drover.exit).code, 0, drover.stderr());
    const packed = await runner.run(['archive', 'slow', '--json', '-o', runner.path('slow.wacz')], { env });
    assert.equal(packed.code, 0, packed.stderr);
    const { records, directory } = await unpack(runner.path('slow.wacz'));
    assert.deepEqual(faultsOf(records), []);
    await checkIndex(directory);
    const urls = new Set(records.filter(({ type }) => /^re(sponse|visit)$/.test(type)).map(({ url }) => url));
    for (let page = 0; page < PAGES; page++) assert.ok(urls.has(`${site.url}/p/${page}`), `page ${page}`);
    assert.ok(JSON.parse(packed.stdout).warcs > 1, 'the files are rotated');
  },
);

test('a bucket that does not exist ends the command before anything is fetched', needsRadosgw, async (t) => {
  const site = await startSite({ pages: 3 });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const args = ['crawl', `${site.url}/`, '--crawl', 'none', '--quiet'];
  const { code, stderr } = await runner.run([...args, '--warc', 's3://nothing/x'], { env: s3.env });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /E_STORE_DATABASE/);
  assert.equal(await site.ended(), 0);
  const wrong = await runner.run([...args, '--warc', 'https://example.com/x'], { env: s3.env });
  assert.match(wrong.stderr, /--warc: expected a directory or s3:\/\/bucket\/prefix/);
});
