// Which segments in S3 are joined.
import assert from 'node:assert/strict';
import test from 'node:test';
import { findRun } from '../../../../src/records/s3/compact.ts';
import { newWriterName, objectName } from '../../../../src/records/s3/segment-names.ts';

const [writer, now] = [newWriterName(), 1_000_000_000];
const segment = (first: number, last = first, bytes = 1000, writtenMs = now) => ({
  ...{ name: objectName(writer, first, last), writer, first, last, bytes, writtenMs },
});
const some = (count: number, span = 1, from = 0) =>
  Array.from({ length: count }, (_, at) => segment((from + at) * span, (from + at + 1) * span - 1));
const range = (run: ReturnType<typeof findRun>) => run && [run[0]?.first, run.at(-1)?.last, run.length];

test('16 adjacent joined segments are joined again, or fewer that fill one; none too large, none over a gap', () => {
  assert.equal(findRun(some(15, 64), now), null);
  assert.deepEqual(range(findRun(some(20, 64), now)), [0, 20 * 64 - 1, 20]);
  const large = Array.from({ length: 8 }, (_, at) => segment(2 * at, 2 * at + 1, 9_000_000));
  assert.deepEqual(range(findRun(large, now)), [0, 5, 3]);
  const done = Array.from({ length: 40 }, (_, at) => segment(2 * at, 2 * at + 1, 17_000_000));
  assert.equal(findRun(done, now), null);
  const gap = some(17, 64).filter(({ first }) => first !== 7 * 64);
  assert.equal(findRun(gap, now), null);
});

test('single blocks are left to their writer until it has been silent for ten minutes', () => {
  assert.equal(findRun(some(64), now + 9 * 60_000), null);
  assert.deepEqual(range(findRun(some(64), now + 11 * 60_000)), [0, 63, 64]);
  assert.deepEqual(range(findRun(some(5), now + 11 * 60_000)), [0, 4, 5]);
  assert.equal(findRun(some(1), now + 11 * 60_000), null);
});
