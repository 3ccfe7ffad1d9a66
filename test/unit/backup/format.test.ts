import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BackupBytes, type BackupEntry, type BackupHeader, readBackup } from '../../../src/backup/format.ts';

const header: BackupHeader = {
  ...{ at: '2026-01-02T03:04:05.000Z', drover: '1.2.3', format: 2, namespace: '{n:0}', server: null },
};

function write(entries: readonly BackupEntry[]): Buffer {
  const bytes = new BackupBytes();
  const parts = [bytes.begin(header), ...entries.flatMap((entry) => bytes.entry(entry)), bytes.end()];
  const whole = Buffer.concat(parts);
  assert.equal(whole.length, bytes.bytes);
  return whole;
}

async function* inPieces(whole: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

async function read(whole: Buffer, size = 7): Promise<BackupEntry[]> {
  const entries: BackupEntry[] = [];
  let told: BackupHeader | null = null;
  const onHeader = (one: BackupHeader) => {
    told = one;
  };
  await readBackup('x', inPieces(whole, size), onHeader, (entry) => void entries.push(entry));
  assert.deepEqual(told, header);
  return entries;
}

const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const anyEntry: fc.Arbitrary<BackupEntry> = fc.record({
  shard: fc.constant(0),
  key: anyBytes(20),
  value: fc.option(anyBytes(60)),
  expiresAtMs: fc.nat(),
});

test('what is written is read again, however it is cut into pieces', async () => {
  const property = fc.asyncProperty(
    fc.array(anyEntry, { maxLength: 8 }),
    fc.integer({ min: 1, max: 200 }),
    async (entries, size) => {
      const expected = entries.map((entry) => (entry.value ? entry : { ...entry, expiresAtMs: 0 }));
      assert.deepEqual(
        await read(write(entries), size),
        expected.map((entry) => ({ ...entry })),
      );
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test('cut off anywhere, longer than it was, or with one byte that differs, it is broken', async () => {
  const entries = [
    { shard: 0, key: Buffer.from(':a'), value: Buffer.from('value'), expiresAtMs: 5 },
    { shard: 0, key: Buffer.from(':b'), value: null, expiresAtMs: 0 },
  ];
  const whole = write(entries);
  for (let at = 0; at < whole.length; at++) {
    await assert.rejects(read(whole.subarray(0, at), 64), { code: 'E_BACKUP_BROKEN' }, `cut at ${at}`);
    const other = Buffer.from(whole);
    other[at] = (other[at] ?? 0) ^ 1;
    await assert.rejects(
      readBackup(
        'x',
        inPieces(other, 64),
        () => undefined,
        () => undefined,
      ),
      { code: 'E_BACKUP_BROKEN' },
      `byte ${at}`,
    );
  }
  await assert.rejects(read(Buffer.concat([whole, Buffer.from('x')])), { code: 'E_BACKUP_BROKEN' });
});

test('of several shards, each entry says which it is of; a former version does not read it', async () => {
  const ofShards = { ...header, shards: 4 };
  const entries = [
    { shard: 0, key: Buffer.from(':a'), value: Buffer.from('v'), expiresAtMs: 0 },
    { shard: 3, key: Buffer.from(':c:x:y'), value: Buffer.from('w'), expiresAtMs: 7 },
    { shard: 2, key: Buffer.from(':b'), value: null, expiresAtMs: 0 },
  ];
  const make = (told: BackupHeader, given: readonly BackupEntry[]) => {
    const bytes = new BackupBytes();
    return Buffer.concat([bytes.begin(told), ...given.flatMap((entry) => bytes.entry(entry)), bytes.end()]);
  };
  const whole = make(ofShards, entries);
  assert.match(whole.toString('latin1'), /^drover-backup 2 /);
  assert.match(make({ ...header }, []).toString('latin1'), /^drover-backup 1 /);
  const found: BackupEntry[] = [];
  const onHeader = (told: BackupHeader) => assert.deepEqual(told, ofShards);
  await readBackup('x', inPieces(whole, 5), onHeader, (entry) => void found.push(entry));
  assert.deepEqual(found, entries);
  const beyond = make(ofShards, [{ ...(entries[1] as BackupEntry), shard: 4 }]);
  const ignore = () => undefined;
  await assert.rejects(readBackup('x', inPieces(beyond, 5), ignore, ignore), { code: 'E_BACKUP_BROKEN' });
});
