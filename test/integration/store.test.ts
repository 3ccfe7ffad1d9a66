// The store against real ends: processes killed with -9 while they write, disks that are full.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { readRecords } from '../../src/records/read/read.ts';

const storeModule = new URL('../../src/records/write/jsonl.ts', import.meta.url).href;

const recordOf = `
  const recordOf = (id, body) => ({
    id, crawl: id[0] === 'a' ? 'a' : 'b', url: 'http://h/', finalUrl: null, method: 'GET', status: 200, ok: true, error: null,
    attempts: 1, depth: 0, referrer: null, label: null, userData: null, fetchedAt: new Date().toISOString(), timings: {},
    headers: null, contentType: null, charset: null, bytes: null, sha256: null, title: null, links: [], body,
  });
  const { openJsonlStore } = await import(process.argv[1]);
  const store = openJsonlStore({ dir: process.argv[2], maxSegmentBytes: Number(process.argv[3]) });
`;

function directory(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'drover-store-'));
  context.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

async function idsIn(dir: string, crawl: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const line of readRecords(dir, crawl)) ids.push(JSON.parse(line).id);
  return ids;
}

// Stores with 40 at a time, bodies of 0 to 90 kB, in two crawls, and prints each id once its store has
// resolved.
const endless = `${recordOf}
  const { randomBytes } = await import('node:crypto');
  const page = '<p class="x">"text" \\u30c4\\n'.repeat(4000);
  async function loop() {
    for (;;) {
      const id = 'ab'[Math.random() * 2 | 0] + randomBytes(8).toString('hex').slice(1);
      await store.write(recordOf(id, page.slice(0, Math.random() * 90_000)), 0);
      process.stdout.write(id + '\\n');
    }
  }
  await Promise.all(Array.from({ length: 40 }, loop));
`;

function writer(dir: string, maxSegmentBytes: number): ChildProcess {
  const args = ['--input-type=module', '-e', endless, storeModule, dir, String(maxSegmentBytes)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

test('every record whose store resolved is read back once after kill -9, whenever that comes', async (context) => {
  const dir = directory(context);
  const promised: string[] = [];
  const rounds = 12;
  for (let round = 0; round < rounds; round++) {
    const child = writer(dir, 20_000_000);
    const killAfter = 1 + Math.floor(Math.random() * 600);
    if (!child.stdout) throw new Error('no pipe');
    let printed = 0;
    for await (const id of createInterface({ input: child.stdout })) {
      if (id.length === 16) promised.push(id); // the last line may be cut
      if (++printed === killAfter) child.kill('SIGKILL');
    }
    if (child.signalCode === null) await once(child, 'exit');
    assert.equal(child.signalCode, 'SIGKILL');
  }
  const read = [...(await idsIn(dir, 'a')), ...(await idsIn(dir, 'b'))];
  const found = new Set(read);
  assert.equal(found.size, read.length, 'a request was read twice');
  assert.deepEqual(
    promised.filter((id) => !found.has(id)),
    [],
  );
  assert.ok(promised.length >= rounds);
  context.diagnostic(`${promised.length} promised, ${read.length} read`);
});

// A mount of 1 MiB, in a mount namespace of its own: the disk fills up, is freed, and the store goes on.
const onFullDisk = `${recordOf}
  const { writeFileSync, rmSync } = await import('node:fs');
  const said = [];
  const write = (id, size) => store.write(recordOf(id, 'x'.repeat(size)), 0).then(
    () => said.push(id + ' stored'), (error) => said.push(id + ' ' + error.code));
  writeFileSync(process.argv[4], 'x'.repeat(500_000));
  await write('a1', 100_000);
  await write('a2', 900_000);
  await Promise.all([write('a3', 500_000), write('b1', 100)]);
  await write('a4', 1000);
  rmSync(process.argv[4]);
  await write('a3', 500_000);
  await store.close();
  const { readRecords } = await import(process.argv[1].replace('write/jsonl.ts', 'read/read.ts'));
  for (const crawl of ['a', 'b']) {
    for await (const line of readRecords(process.argv[2], crawl)) said.push(JSON.parse(line).id + ' read');
  }
  console.log(said.join(', '));
`;

const mayMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

test('on a full disk store rejects with E_DISK_FULL, leaves no torn line, and works again once there is space', {
  skip: mayMount ? false : 'mounting a small file system is not permitted here',
}, async (context) => {
  const dir = directory(context);
  const shell = 'mount -t tmpfs -o size=1m tmpfs "$1" && shift && exec "$@"';
  const node = [process.execPath, '--input-type=module', '-e', onFullDisk, storeModule];
  const args = [
    '-rm',
    'sh',
    '-c',
    shell,
    'sh',
    dir,
    ...node,
    join(dir, 'records'),
    '1000000',
    join(dir, 'ballast'),
  ];
  const { stdout } = await promisify(execFile)('unshare', args);
  const stored = 'a1 stored, a2 E_DISK_FULL, b1 stored, a3 E_DISK_FULL, a4 stored, a3 stored';
  assert.deepEqual(
    stdout.trim().split(', ').sort(),
    `${stored}, a1 read, a4 read, a3 read, b1 read`.split(', ').sort(),
  );
});

// A limit on the size of a file: the write is cut in the middle, as by a disk that fails.
const onLimitedFile = `${recordOf}
  const said = [];
  for (let number = 0; number < 8; number++) {
    await store.write(recordOf('a' + number, 'x'.repeat(40_000)), 0).then(
      () => said.push('stored'), (error) => said.push(error.code));
  }
  console.log(said.join(' '));
`;

test('a write that fails half-way rejects with E_FILE, is cut off, and the next goes to another segment', async (context) => {
  const dir = directory(context);
  const node = [process.execPath, '--input-type=module', '-e', onLimitedFile, storeModule, dir, '1000000'];
  const args = ['-c', 'ulimit -f 200 && exec "$0" "$@"', ...node]; // blocks of 512 bytes
  const { stdout } = await promisify(execFile)('sh', args);
  assert.equal(stdout.trim(), 'stored stored E_FILE stored stored E_FILE stored stored');
  assert.deepEqual(await idsIn(dir, 'a'), ['a0', 'a1', 'a3', 'a4', 'a6', 'a7']);
  assert.equal(readdirSync(join(dir, 'a')).length, 3);
});

const reading = `
  const { readRecords } = await import(process.argv[1].replace('write/jsonl.ts', 'read/read.ts'));
  for await (const line of readRecords(process.argv[2], 'none'));
  globalThis.gc();
  const base = process.memoryUsage().rss;
  let peak = base;
  let lines = 0;
  for await (const line of readRecords(process.argv[2], 'c')) {
    if (++lines % 1000 === 1) peak = Math.max(peak, process.memoryUsage().rss);
  }
  console.log(lines, Math.round((peak - base) / 1e6));
`;

test('a million records are read with less than 40 MB more memory', async (context) => {
  const dir = directory(context);
  mkdirSync(join(dir, 'c'));
  for (let segment = 0; segment < 20; segment++) {
    const ids = randomBytes(400_000).toString('hex').match(/.{16}/g) ?? [];
    const lines = ids.map((id) => `${id} 0 {"id":"${id}","text":"${'x'.repeat(100)}"}\n`);
    writeFileSync(join(dir, 'c', `${segment}.jsonl`), lines.join(''));
  }
  const args = [
    '--expose-gc',
    '--max-semi-space-size=4',
    '--input-type=module',
    '-e',
    reading,
    storeModule,
    dir,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const [lines, megabytes] = stdout.trim().split(' ').map(Number);
  assert.equal(lines, 1_000_000);
  assert.ok((megabytes ?? Infinity) < 40, `${megabytes} MB`);
  context.diagnostic(`${megabytes} MB`);
});
