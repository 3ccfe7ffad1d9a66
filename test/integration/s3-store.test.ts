// The store in S3, held to a real server: what is written comes back as the store of files gives it, each
// request once, whatever is joined, killed, refused or slow.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import type { S3Address } from '../../src/config/s3-address.ts';
import { readStoreAddress } from '../../src/config/store-address.ts';
import type { DroverError } from '../../src/errors.ts';
import { openFileStore } from '../../src/records/file-store.ts';
import { EVERY_RECORD } from '../../src/records/filter.ts';
import { openBucket } from '../../src/records/s3/bucket.ts';
import { compact } from '../../src/records/s3/compact.ts';
import { type RecordStore, recordLines } from '../../src/records/store.ts';
import { openStores } from '../../src/records/stores.ts';
import { until } from '../support/signals.ts';
import { startFaultyProxy } from '../support/stores/faulty-proxy.ts';
import { idOf, oddRecords, recordOf } from '../support/stores/odd-records.ts';
import { needsRadosgw, radosgwForTests, SECRET_KEY } from '../support/stores/radosgw.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const s3 = radosgwForTests();

const urlOf = (endpoint: string) => `s3://crawls/some%20+%20where?endpoint=${endpoint}&region=us-east-1`;
const addressOf = (endpoint: string) => readStoreAddress(urlOf(endpoint)) as S3Address;

function openStore(endpoint = s3.endpoint) {
  const heard: string[] = [];
  const listener = {
    onTrouble: ({ code }: DroverError) => void heard.push(code),
    onWritten: () => undefined,
  };
  const stores = openStores({ dataDir: '/nowhere', store: null, listener });
  return { store: stores.at(urlOf(endpoint)), heard, close: () => stores.close() };
}

async function linesIn(store: RecordStore, folder: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of recordLines(store.read(folder))) lines.push(line);
  return lines.sort();
}

async function pagesOf(store: RecordStore, folder: string, from: string | null, limit: number) {
  const ids: string[] = [];
  let last: string | null = from;
  for (let cursor = from; ; ) {
    const { records, next } = await store.page(folder, cursor, limit);
    ids.push(...records.map(({ id }) => id));
    if (next === null) return { ids, last };
    cursor = next;
    last = next;
  }
}

test('every value comes back as the store of files gives it', needsRadosgw, async () => {
  const { store, close } = openStore();
  const files = openFileStore(await temporaryDirectory('files'));
  await store.prepare();
  const records = Object.values(oddRecords).map((more, id) => recordOf(id, more));
  for (const each of [store, files])
    await Promise.all(records.map((record) => each.write(record, 0, 'odd/é .')));
  assert.deepEqual(await linesIn(store, 'odd/é .'), await linesIn(files, 'odd/é .'));
  for (const { id } of records) assert.equal((await store.find('odd/é .', id))?.record.id, id);
  await files.close();
  await close();
});

test(
  'the newest claim wins, pages give each once, also after joining and by another process',
  needsRadosgw,
  async () => {
    const [one, other] = [openStore(), openStore()];
    for (let at = 0; at < 20; at++) await one.store.write(recordOf(at), 0, 'pages');
    await other.store.write(recordOf(3, { title: 'newer' }), 1, 'pages');
    await one.store.write(recordOf(3, { title: 'older' }), 0, 'pages');
    const half = await one.store.page('pages', null, 9);
    assert.deepEqual([half.records.length, half.found], [9, 20]);
    const bucket = openBucket(addressOf(s3.endpoint));
    const before = (await bucket.list('pages')).length;
    const parts = { bucket, folder: 'pages', isConditional: true, nowMs: Date.now() + 3600_000 };
    await Promise.all([1, 2, 3].map(() => compact(parts)));
    await compact(parts);
    assert.ok((await bucket.list('pages')).length < before, `${before}`);
    const reader = openStore();
    const rest = await pagesOf(reader.store, 'pages', half.next, 4);
    assert.deepEqual(
      [...half.records.map(({ id }) => id), ...rest.ids].sort(),
      Array.from({ length: 20 }, (_, at) => idOf(at)),
    );
    assert.equal(
      (await pagesOf(one.store, 'pages', half.next, 4)).ids.length,
      11,
      'who knew the segments before',
    );
    assert.equal((await one.store.find('pages', idOf(3)))?.record.title, 'newer');
    assert.equal((await linesIn(one.store, 'pages')).length, 20);
    assert.equal((await one.store.findLinking('pages', 'http://h.example/7'))?.id, idOf(6));
    assert.deepEqual((await one.store.page('pages', null, 10, { ...EVERY_RECORD, ok: false })).records, []);
    await assert.rejects(
      one.store.page('pages', 'no cursor', 1),
      (error: DroverError) => error.code === 'E_FIELD',
    );
    await one.store.remove('pages');
    assert.deepEqual([await linesIn(one.store, 'pages'), (await bucket.list('pages')).length], [[], 0]);
    assert.equal(await one.store.find('pages', idOf(1)), null);
    bucket.close();
    await Promise.all([one, other, reader].map(({ close }) => close()));
  },
);

test(
  'what a writer has put block by block becomes few objects, which any zstd reads, and no reader loses any of it',
  needsRadosgw,
  async () => {
    const [writer, reader] = [openStore(), openStore()];
    const bucket = openBucket(addressOf(s3.endpoint));
    const objects = async () => (await bucket.list('blocks')).map(({ name }) => name.slice(22));
    const count = async (cursor: string | null) =>
      (await pagesOf(reader.store, 'blocks', cursor, 50)).ids.length;
    for (let at = 0; at < 10; at++) await writer.store.write(recordOf(at), 0, 'blocks');
    const { next } = await reader.store.page('blocks', null, 5);
    assert.deepEqual([(await objects()).length, await count(next)], [10, 5]);
    for (let at = 10; at < 70; at++) await writer.store.write(recordOf(at), 0, 'blocks');
    await until(async () => (await objects()).length === 7, { what: 'a joined object' });
    assert.equal((await objects())[0], '000000000-000000063.zst');
    assert.equal(await count(next), 65, 'who knew the single blocks');
    await writer.close();
    assert.deepEqual(await objects(), ['000000000-000000063.zst', '000000064-000000069.zst']);
    assert.equal(await count(next), 65);
    const [first] = await bucket.list('blocks');
    const object = (await bucket.get(`blocks/${first?.name}`, 1e6)) ?? Buffer.alloc(0);
    const { error, stdout } = spawnSync('zstd', ['-dc'], { input: object, encoding: 'utf8' });
    if (!error) {
      const lines = stdout.trim().split('\n');
      const [, json = ''] = /^\S+ \d+ (.*)/.exec(lines[5] ?? '') ?? [];
      assert.deepEqual([lines.length, JSON.parse(json).id], [64, idOf(5)]);
    }
    bucket.close();
    await reader.close();
  },
);

test(
  'bodies go and all else stays, for those too who read at the time; cut off, it goes on',
  needsRadosgw,
  async () => {
    const [writer, reader] = [openStore(), openStore()];
    const all = Array.from({ length: 20 }, (_, at) => recordOf(at, { body: 'x'.repeat(2000) }));
    for (const record of all) await writer.store.write(record, 0, 'bodies');
    const bucket = openBucket(addressOf(s3.endpoint));
    await compact({ bucket, folder: 'bodies', isConditional: true, nowMs: Date.now() + 3600_000 });
    const before = await reader.store.size('bodies');
    const half = await reader.store.page('bodies', null, 9);
    const [segment] = (await bucket.list('bodies')).filter(({ name }) => name.endsWith('.zst'));
    const first = segment?.name.replace('.zst', '') ?? '';
    const copy = await bucket.get(`bodies/${first}.zst`, 1e6);
    const [isComplete, meanwhile] = await Promise.all([
      writer.store.dropBodies('bodies'),
      linesIn(openStore().store, 'bodies'),
    ]);
    assert.deepEqual([isComplete, meanwhile.length], [true, 20]);
    // As a process leaves it that ended before it had deleted the segment with the bodies.
    await bucket.put(`bodies/${first}.zst`, copy ?? Buffer.alloc(0), false);
    const bare = all.map((record) => JSON.stringify({ ...record, body: null })).sort();
    for (let time = 1; time <= 2; time++) {
      assert.deepEqual(await linesIn(reader.store, 'bodies'), bare);
      assert.equal(await writer.store.dropBodies('bodies'), true);
    }
    assert.ok((await bucket.list('bodies')).every(({ name }) => !name.startsWith(`${first}.zst`)));
    assert.equal((await pagesOf(reader.store, 'bodies', half.next, 4)).ids.length, 11);
    assert.equal((await reader.store.find('bodies', idOf(3)))?.record.body, null);
    assert.ok((await reader.store.size('bodies')) < before);
    await writer.store.write(recordOf(3, { body: 'later' }), 1, 'bodies');
    assert.equal((await reader.store.find('bodies', idOf(3)))?.record.body, 'later');
    bucket.close();
    await Promise.all([writer.close(), reader.close()]);
  },
);

test(
  '500s, cut and slow answers are waited for: nothing is lost and nothing is there twice',
  needsRadosgw,
  async () => {
    const faulty = await startFaultyProxy(s3.endpoint);
    const { store, heard, close } = openStore(faulty.endpoint);
    const ids = Array.from({ length: 300 }, (_, at) => at);
    for (let from = 0; from < ids.length; from += 30)
      await Promise.all(
        ids
          .slice(from, from + 30)
          .map((at) => store.write(recordOf(at, { body: 'x'.repeat(5000) }), 0, 'faulty')),
      );
    faulty.heal();
    const found = (await linesIn(store, 'faulty')).map((line) => JSON.parse(line).id);
    assert.deepEqual(found, ids.map(idOf));
    assert.ok(faulty.spoilt() > 3, `${faulty.spoilt()} spoilt; ${heard}`);
    await close();
    await faulty.stop();
  },
);

test('what is wrong with the bucket is said with a code of its own', needsRadosgw, async () => {
  const wrong: [string, string, Record<string, string>, string][] = [
    ['no bucket', urlOf(s3.endpoint).replace('crawls', 'nothing'), {}, 'E_STORE_DATABASE'],
    ['no such key', urlOf(s3.endpoint), { AWS_ACCESS_KEY_ID: 'nobody' }, 'E_STORE_AUTH'],
    ['a wrong secret', urlOf(s3.endpoint), { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'E_STORE_AUTH'],
    ['no keys', urlOf(s3.endpoint), { AWS_ACCESS_KEY_ID: '', HOME: '/nowhere' }, 'E_STORE_AUTH'],
    ['nobody there', urlOf('http://127.0.0.1:1'), {}, 'E_STORE_DOWN'],
    ['TLS that it does not speak', urlOf(s3.endpoint.replace('http', 'https')), {}, 'E_STORE_TLS'],
  ];
  for (const [what, url, env, code] of wrong) {
    const kept = { ...process.env };
    Object.assign(process.env, env);
    const stores = openStores({ dataDir: '/nowhere', store: null });
    await assert.rejects(stores.at(url).prepare(), (error: DroverError) => {
      assert.equal(error.code, code, `${what}: ${error.message}`);
      assert.ok(!error.message.includes(SECRET_KEY));
      return true;
    });
    Object.assign(process.env, kept);
    await stores.close();
  }
});

test(
  'records of an ended crawl are found with few requests, and none once their blocks are known',
  needsRadosgw,
  async () => {
    const writer = openStore();
    const records = Array.from({ length: 60 }, (_, at) => recordOf(at));
    for (const part of [0, 20, 40])
      await Promise.all(
        records.slice(part, part + 20).map((record) => writer.store.write(record, 0, 'ended')),
      );
    await writer.close();
    const proxy = await startFaultyProxy(s3.endpoint);
    proxy.heal();
    const reader = openStore(proxy.endpoint);
    const find = ({ id }: { id: string }) => reader.store.find('ended', id, { hasEnded: true });
    const found = await Promise.all(records.map(find));
    assert.deepEqual(
      found.map((each) => each?.record.url),
      records.map(({ url }) => url),
    );
    const asked = proxy.asked();
    assert.ok(asked < 20, `${asked} requests`);
    await Promise.all(records.map(find));
    assert.equal(await find({ id: idOf(99) }), null);
    assert.equal(proxy.asked(), asked);
    await reader.close();
    await proxy.stop();
  },
);
