import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { DroverError } from '../../../../src/errors.ts';
import type { CrawlRecord } from '../../../../src/record.ts';
import { readRecords } from '../../../../src/records/read/read.ts';
import { crawlDirectory, SEGMENT_REST_MS, Segments } from '../../../../src/records/segments.ts';
import { openJsonlStore } from '../../../../src/records/write/jsonl.ts';

function record(id: string, more: Partial<CrawlRecord> = {}): CrawlRecord {
  return {
    ...{
      id,
      crawl: 'c',
      url: 'http://h/',
      finalUrl: null,
      method: 'GET',
      status: 200,
      ok: true,
      error: null,
    },
    ...{
      attempts: 1,
      depth: 0,
      referrer: null,
      label: null,
      userData: null,
      fetchedAt: '2026-01-01T00:00:00.000Z',
    },
    timings: {
      ...{ queue: null, slot: null, dns: null, connect: null },
      ...{ tls: null, firstByte: null, download: null, total: null },
    },
    ...{ headers: null, contentType: null, charset: null, bytes: null, sha256: null, title: null },
    ...{
      links: null,
      noindex: null,
      usage: null,
      items: null,
      redirects: null,
      unchanged: null,
      revisitMs: null,
      proxy: null,
      http: null,
      rendered: null,
      session: null,
      body: null,
    },
    ...more,
  };
}

function directory(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'drover-store-'));
  context.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

async function linesOf(dir: string, crawl = 'c'): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readRecords(dir, crawl)) lines.push(line);
  return lines;
}

const idOf = (number: number) => number.toString(16).padStart(16, '0');

test('a record is in its file when store resolves, behind its id and its claim', async (context) => {
  const dir = directory(context);
  const store = openJsonlStore({ dir });
  await store.write(record(idOf(1)), 3);
  const [name = ''] = readdirSync(join(dir, 'c'));
  const text = readFileSync(join(dir, 'c', name), 'utf8');
  await store.close();
  assert.match(name, /^\d{8}T\d{9}Z-[A-Za-z0-9._-]+-\d+-[0-9a-f]{12}\.jsonl$/);
  assert.match(text, /^0000000000000001 3 \{"id":"0000000000000001",.*\}\n$/);
});

test('the fields stand in the order of record.ts and are all there, whatever order the object has', async (context) => {
  const dir = directory(context);
  const store = openJsonlStore({ dir });
  const shuffled = Object.fromEntries(Object.entries(record(idOf(1))).reverse()) as unknown as CrawlRecord;
  await store.write({ ...shuffled, userData: undefined }, 0);
  await store.close();
  const [line = ''] = await linesOf(dir);
  assert.deepEqual(Object.entries(JSON.parse(line)), Object.entries(record(idOf(1))));
});

test('any text comes back as it was stored, lone surrogates and line ends included', async (context) => {
  const dir = directory(context);
  const store = openJsonlStore({ dir });
  const bodies = ['\ud800', 'a\udc00\n\r\u2028"\\\0', '\u{1f600}'.repeat(300_000), '', 'é'.repeat(400_000)];
  bodies.push(...fc.sample(fc.string({ unit: 'binary', maxLength: 200 }), 200));
  await Promise.all(bodies.map((body, index) => store.write(record(idOf(index), { body }), 0)));
  await store.close();
  const stored = (await linesOf(dir)).map((line) => (JSON.parse(line) as CrawlRecord).body);
  assert.deepEqual(stored, bodies);
});

test('of what several writers stored, each request is read once, with its highest claim', async (context) => {
  const stores = fc.array(fc.record({ id: fc.nat(8), claim: fc.nat(4), store: fc.nat(2) }), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(stores, async (list) => {
      const dir = mkdtempSync(join(tmpdir(), 'drover-store-'));
      const writers = [0, 1, 2].map(() => openJsonlStore({ dir, maxSegmentBytes: 2000 }));
      const highest = new Map<string, number>();
      for (const { id, claim, store } of list) {
        await writers[store]?.write(record(idOf(id), { attempts: claim }), claim);
        highest.set(idOf(id), Math.max(claim, highest.get(idOf(id)) ?? 0));
      }
      await Promise.all(writers.map((store) => store.close()));
      const read = (await linesOf(dir)).map((line) => JSON.parse(line) as CrawlRecord);
      rmSync(dir, { recursive: true });
      assert.deepEqual(read.map(({ id, attempts }) => [id, attempts]).sort(), [...highest].sort());
    }),
    { numRuns: 15 },
  );
  context.diagnostic('15 runs');
});

test('store resolves after fdatasync, and what came meanwhile shares the next one', async (context) => {
  const dir = directory(context);
  const store = openJsonlStore({ dir });
  await store.write(record(idOf(0)), 0);
  const syncs = await heldSyncs(context);

  let first = false;
  const firstStore = store.write(record(idOf(1)), 0).then(() => {
    first = true;
  });
  await until(() => syncs.length === 1);
  const meanwhile = Promise.all(
    Array.from({ length: 50 }, (_, index) => store.write(record(idOf(index + 2)), 0)),
  );
  assert.equal(first, false);
  syncs[0]?.();
  await firstStore;
  await until(() => syncs.length === 2);
  syncs[1]?.();
  await meanwhile;
  assert.equal(syncs.length, 2);
  await store.close();
  assert.equal((await linesOf(dir)).length, 52);
});

/** Lets every fdatasync of this process wait until it is let go; the real one follows. */
async function heldSyncs(context: TestContext): Promise<(() => void)[]> {
  const handle = await open(process.execPath);
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const real = prototype.datasync;
  const held: (() => void)[] = [];
  prototype.datasync = async function (this: FileHandle) {
    await new Promise<void>((resolve) => held.push(resolve));
    await real.call(this);
  };
  context.after(() => {
    prototype.datasync = real;
  });
  return held;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come to pass in 5 s');
    await setImmediate();
  }
}

test('a full segment is followed by another, and their order is that of the stores', async (context) => {
  const dir = directory(context);
  const store = openJsonlStore({ dir, maxSegmentBytes: 5000 });
  for (let index = 0; index < 20; index++) {
    await store.write(record(idOf(index), { body: 'x'.repeat(1000) }), 0);
  }
  await store.close();
  assert.equal(readdirSync(join(dir, 'c')).length, 5);
  assert.deepEqual(
    (await linesOf(dir)).map((line) => JSON.parse(line).id),
    Array.from({ length: 20 }, (_, i) => idOf(i)),
  );
});

const onLinux = { skip: process.platform !== 'linux' && 'needs /proc' };

test(
  'two hundred crawls go into one segment each, with at most 64 of them open',
  onLinux,
  async (context) => {
    const dir = directory(context);
    const store = openJsonlStore({ dir });
    const crawls = Array.from({ length: 200 }, (_, index) => `crawl-${index}`);
    for (const round of [0, 1, 2]) {
      await Promise.all(crawls.map((crawl) => store.write(record(idOf(round), { crawl }), 0)));
      const open = readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith(dir));
      assert.ok(open.length <= 64, `${open.length} open`);
    }
    await store.close();
    for (const crawl of crawls) {
      assert.equal(readdirSync(join(dir, crawl)).length, 1);
      assert.equal((await linesOf(dir, crawl)).length, 3);
    }
  },
);

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // closed since it was listed
  }
}

test('a crawl whose name is no file name has a directory of its own below the given one', () => {
  const names = ['a', '..', '.', '.a', 'a/../../b', 'é', 'a b', 'A%2F', 'a*', '\ud800', '\ufffd~'];
  const places = names.map((name) => crawlDirectory('/records', name));
  assert.equal(new Set(places).size, names.length);
  for (const place of places) assert.match(place, /^\/records\/[A-Za-z0-9_%!~'()-][A-Za-z0-9._%!~'()-]*$/);
});

test('what is stored while more than 64 MiB wait is not even serialised before there is room', async (context) => {
  const dir = directory(context);
  const store = openJsonlStore({ dir });
  const body = 'x'.repeat(4 * 1024 * 1024);
  let serialised = 0;
  const stores = Array.from({ length: 30 }, (_, index) => {
    const counted = Object.defineProperty(record(idOf(index), { body }), 'title', {
      enumerable: true,
      get: () => `number ${++serialised}`,
    });
    return store.write(counted, 0);
  });
  assert.equal(serialised, 16); // 16 times 4 MiB and the other fields
  await Promise.all(stores);
  await store.close();
  assert.equal((await linesOf(dir)).length, 30);
});

test('close writes what is left, and a store after it rejects', async (context) => {
  const dir = directory(context);
  const store = openJsonlStore({ dir });
  const stores = [1, 2, 3].map((id) => store.write(record(idOf(id)), 0));
  await store.close();
  await store.close();
  await Promise.all(stores);
  assert.equal((await linesOf(dir)).length, 3);
  await assert.rejects(store.write(record(idOf(4)), 0), DroverError);
});

test('an id or a claim that a line cannot hold is refused, and harms no other record', async (context) => {
  const dir = directory(context);
  const store = openJsonlStore({ dir });
  const good = store.write(record('urn:other-token'), 0);
  await assert.rejects(store.write(record('a b'), 0), DroverError);
  await assert.rejects(store.write(record(''), 0), DroverError);
  await assert.rejects(store.write(record(idOf(1)), -1), DroverError);
  await assert.rejects(store.write(record(idOf(1)), 0.5), DroverError);
  await good;
  await store.close();
  assert.equal((await linesOf(dir)).length, 1);
});

test('a segment that was not written for a minute is never written again', async (context) => {
  const segments = new Segments(directory(context), 1_000_000, 64);
  const first = await segments.of('c');
  await first.append(['a line\n'], Buffer.alloc(100));
  await first.sync();
  assert.equal(await segments.of('c'), first);
  first.usedAt -= SEGMENT_REST_MS + 1;
  const second = await segments.of('c');
  assert.notEqual(second.path, first.path);
  assert.deepEqual([first.isOpen, readFileSync(first.path, 'utf8')], [false, 'a line\n']);
  await segments.close();
});
