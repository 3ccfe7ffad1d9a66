// Records by id and by page: held to what readRecords gives, whatever is appended in between.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { DroverError } from '../../../../src/errors.ts';
import { findLinking, findRecord } from '../../../../src/records/read/find-record.ts';
import { readRecords } from '../../../../src/records/read/read.ts';
import { openRecordIndexes, type RecordIndexes } from '../../../../src/records/read/record-index.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

interface Line {
  segment: number;
  id: number;
  claim: number;
}

/** Two writers; of the first, a later segment ends the former one. */
const names = [0, 1, 2, 3].map(
  (serial) => `2026010${serial + 1}T000000000Z-host-${serial % 2}-${String(serial).padStart(12, '0')}.jsonl`,
);
const idOf = (id: number) => id.toString(16).padStart(16, '0');
let serial = 0;
const textOf = ({ id, claim }: Line) =>
  `${idOf(id)} ${claim} ${JSON.stringify({ id: idOf(id), serial: serial++, body: 'x'.repeat(id * 7) })}\n`;

const newRecordsFolder = async (recordsFolder = 'c') => {
  const dir = await temporaryDirectory('index');
  mkdirSync(join(dir, recordsFolder));
  return dir;
};
/**
 * A writer that has begun another segment does not go back to the former one; and fills none between two
 * pages.
 */
const write = (dir: string, lines: readonly Line[]) => {
  const pathOf = (segment: number) => join(dir, 'c', names[segment] ?? 'none');
  const there = names.filter((_, segment) => existsSync(pathOf(segment)));
  const isNew = (segment: number) => existsSync(pathOf(segment)) && !there.includes(names[segment] ?? '');
  for (const line of lines) {
    const later = line.segment < 2 && existsSync(pathOf(line.segment + 2)) ? line.segment + 2 : line.segment;
    appendFileSync(pathOf(isNew(later - 2) ? later - 2 : later), textOf(line));
  }
};

type Numbered = { id: string; serial: number };
const read = async (dir: string): Promise<Numbered[]> => {
  const records: Numbered[] = [];
  for await (const line of readRecords(dir, 'c')) records.push(JSON.parse(line));
  return records;
};
const serialsOf = (records: readonly unknown[]) => (records as Numbered[]).map(({ serial }) => serial);
const inOrder = (records: readonly unknown[]) => serialsOf(records).sort((a, b) => a - b);

/** All pages from a cursor on. */
async function pages(indexes: RecordIndexes, limit: number, cursor: string | null = null) {
  const records: unknown[] = [];
  for (let page = 0; page < 1000; page++) {
    const { records: some, next } = await indexes.page('c', cursor, limit);
    assert.ok(some.length <= limit);
    records.push(...some);
    if (next === null) return records;
    cursor = next;
  }
  throw new Error('the pages have no end');
}

const line = fc.record({
  segment: fc.integer({ min: 0, max: 3 }),
  id: fc.integer({ min: 0, max: 30 }),
  claim: fc.integer({ min: 0, max: 3 }),
});
const batch = fc.array(line, { maxLength: 40 });
/** Kept in memory, or more ids than may be. */
const mostEntries = fc.constantFrom(5_000_000, 3);

test('pages and finds agree with readRecords, after each batch of appends, kept in memory or not', async () => {
  const cases = fc.tuple(
    fc.array(batch, { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 1, max: 9 }),
    mostEntries,
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([batches, limit, most]) => {
      const dir = await newRecordsFolder();
      const indexes = openRecordIndexes({ dir, mostEntries: most, mostPageBytes: 600 });
      for (const lines of batches) {
        write(dir, lines);
        const wanted = await read(dir);
        assert.deepEqual(serialsOf(await pages(indexes, limit)), serialsOf(wanted));
        for (const record of wanted) {
          const found = await indexes.find('c', record.id);
          assert.deepEqual(found?.record as unknown, record);
          assert.deepEqual(await findRecord(dir, 'c', record.id), found);
        }
        assert.equal(await indexes.find('c', 'ffffffffffffffff'), null);
      }
      rmSync(dir, { recursive: true });
    }),
    { numRuns: 30 },
  );
});

test('what is appended between two pages, to any segment, comes too: nothing is missed, and twice comes only what was superseded', async () => {
  const cases = fc.tuple(
    fc.array(batch, { minLength: 2, maxLength: 5 }),
    fc.integer({ min: 1, max: 5 }),
    mostEntries,
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([batches, limit, most]) => {
      const dir = await newRecordsFolder();
      const given: unknown[] = [];
      let cursor: string | null = null;
      for (const lines of batches) {
        write(dir, lines);
        // Each page by another process, which knows nothing but the cursor.
        const { records, next } = await openRecordIndexes({ dir, mostEntries: most }).page(
          'c',
          cursor,
          limit,
        );
        given.push(...records);
        cursor = next;
        if (cursor === null) break;
      }
      const isCutShort = cursor === null;
      if (cursor !== null) given.push(...(await pages(openRecordIndexes({ dir }), limit, cursor)));
      const serials = inOrder(given);
      assert.equal(new Set(serials).size, serials.length, 'a line came twice');
      const missed = inOrder(await read(dir)).filter((one) => !serials.includes(one));
      assert.ok(isCutShort || missed.length === 0, `missed ${missed}`);
      rmSync(dir, { recursive: true });
    }),
    { numRuns: 60 },
  );
});

test('a page is bounded in bytes, and a line larger than that comes alone', async () => {
  const dir = await newRecordsFolder();
  write(
    dir,
    [1, 2, 900, 3, 4].map((id) => ({ segment: 0, id, claim: 0 })),
  );
  const indexes = openRecordIndexes({ dir, mostPageBytes: 1000 });
  const lengths: number[] = [];
  for (let cursor: string | null = null, page = 0; page < 5; page++) {
    const { records, next } = await indexes.page('c', cursor, 100);
    lengths.push(records.length);
    if (next === null) break;
    cursor = next;
  }
  assert.deepEqual(lengths, [2, 1, 2]);
});

test('a cursor that is none is refused', async () => {
  const dir = await newRecordsFolder();
  write(
    dir,
    [1, 2, 3].map((id) => ({ segment: 0, id, claim: 0 })),
  );
  const indexes = openRecordIndexes({ dir });
  const { next } = await indexes.page('c', null, 1);
  const beside = `${next?.split('.')[0]}.1`;
  const beyond = `${next?.split('.')[0]}.zzzz`;
  for (const cursor of ['', 'x', '0000000000.0', beside, beyond, `${next}_`]) {
    await assert.rejects(indexes.page('c', cursor, 1), (error: DroverError) => {
      assert.ok(error instanceof DroverError);
      return error.code === 'E_FIELD';
    });
  }
});

test('lines that were cut off again, with others in their place, are noticed', async () => {
  const dir = await newRecordsFolder();
  const file = join(dir, 'c', names[0] ?? '');
  const indexes = openRecordIndexes({ dir });
  write(dir, [{ segment: 0, id: 1, claim: 0 }]);
  const head = textOf({ segment: 0, id: 2, claim: 0 }).length;
  write(dir, [{ segment: 0, id: 2, claim: 0 }]);
  assert.ok(await indexes.find('c', idOf(2)));
  truncateSync(file, 0);
  write(dir, [{ segment: 0, id: 3, claim: 0 }]);
  assert.equal(await indexes.find('c', idOf(2)), null);
  assert.equal((await indexes.find('c', idOf(3)))?.record.id, idOf(3));
  // As long as what was there before, so that only the line itself tells.
  write(dir, [{ segment: 0, id: 4, claim: 0 }]);
  assert.ok(await indexes.find('c', idOf(4)));
  const text = textOf({ segment: 0, id: 3, claim: 0 }) + textOf({ segment: 0, id: 5, claim: 0 });
  writeFileSync(file, text.padEnd(head));
  assert.equal(await indexes.find('c', idOf(4)), null);
  assert.equal((await indexes.find('c', idOf(5)))?.record.id, idOf(5));
});

test('torn lines and zeros are passed over; a records folder that does not exist has nothing', async () => {
  const dir = await newRecordsFolder();
  write(dir, [{ segment: 0, id: 1, claim: 0 }]);
  appendFileSync(join(dir, 'c', names[0] ?? ''), `\0\0\0\n${idOf(2)} 0 {"id"`);
  write(dir, [{ segment: 2, id: 3, claim: 0 }]);
  const indexes = openRecordIndexes({ dir });
  assert.equal((await pages(indexes, 10)).length, 2);
  assert.equal(await indexes.find('c', idOf(2)), null);
  assert.deepEqual(await indexes.page('none', null, 10), { records: [], next: null, found: 0 });
  assert.equal(await indexes.find('none', idOf(1)), null);
});

test('many questions at once share the reading', async () => {
  const dir = await newRecordsFolder();
  write(
    dir,
    Array.from({ length: 30 }, (_, id) => ({ segment: id % 4, id, claim: 0 })),
  );
  const indexes = openRecordIndexes({ dir });
  const found = await Promise.all(Array.from({ length: 30 }, (_, id) => indexes.find('c', idOf(id))));
  assert.deepEqual(
    found.map((one) => one?.record.id),
    Array.from({ length: 30 }, (_, id) => idOf(id)),
  );
});

test('a page that has a link is found by it, not by what only mentions it', async () => {
  const dir = await newRecordsFolder();
  const link = 'http://a.test/x';
  const record = (url: string, more: object) =>
    `${idOf(serial)} 0 ${JSON.stringify({ id: idOf(serial++), url, ...more })}\n`;
  const file = join(dir, 'c', names[0] ?? '');
  writeFileSync(
    file,
    record('http://a.test/1', { links: [], body: `"${link}"` }) + record(link, { links: [link] }),
  );
  assert.equal(await findLinking(dir, 'c', link, 1e6), null);
  appendFileSync(file, record('http://a.test/2', { links: ['http://a.test/', link] }));
  assert.equal((await findLinking(dir, 'c', link, 1e6))?.url, 'http://a.test/2');
  assert.equal(await findLinking(dir, 'c', link, 100), null);
});
