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

test('16 adjacent segments are joined, then 16 of those, and none that would be too large', () => {
  assert.equal(findRun(some(15), now), null);
  assert.deepEqual(range(findRun(some(20), now)), [0, 15, 16]);
  assert.deepEqual(range(findRun(some(16, 16), now)), [0, 255, 16]);
  assert.deepEqual(range(findRun([...some(1, 16), ...some(16, 1, 16)], now)), [16, 31, 16]);
  const large = Array.from({ length: 16 }, (_, at) => segment(at, at, 3_000_000));
  assert.equal(findRun(large, now), null);
  const gap = some(17).filter(({ first }) => first !== 7);
  assert.equal(findRun(gap, now), null);
});

test('what a writer has left is joined when it has been silent for ten minutes', () => {
  assert.equal(findRun(some(5), now + 9 * 60_000), null);
  assert.deepEqual(range(findRun(some(5), now + 11 * 60_000)), [0, 4, 5]);
  assert.equal(findRun(some(1), now + 11 * 60_000), null);
});
