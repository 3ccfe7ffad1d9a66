import assert from 'node:assert/strict';
import test from 'node:test';
import { balanceOf, scaleHead, scaleLine, scaleSummary, tenthOf } from '../../../../bench/scale/report.ts';
import type { ScaleMark, ScaleRun } from '../../../../bench/scale/run.ts';

/** After `tenth` tenths of 1,000,000 URLs, on two processes and four shards: each tenth cost the same. */
function markAt(tenth: number): ScaleMark {
  const each = (value: number, count: number) => Array.from({ length: count }, () => value * tenth);
  return {
    seconds: tenth * 2,
    work: {
      ...{ tested: 100_000 * tenth, abroad: 30_000 * tenth, deliveries: 100 * tenth },
      ...{ dispatches: 100 * tenth, pages: 5000 * tenth, asked: 500 * tenth },
    },
    reading: {
      cpuSeconds: each(0.25, 2),
      rewriteSeconds: each(0.1, 2),
      usedBytes: each(540_000, 2).map((bytes) => bytes + 1_000_000),
      seen: each(2500, 4),
      recorded: each(1250, 4),
      onTheWay: 7,
      bytesPerSeen: 9,
    },
    driverSeconds: tenth,
    busySeconds: tenth * 1.9,
    residentBytes: 100e6 * tenth,
  };
}

const runOf = (tenths: number): ScaleRun => ({
  marks: Array.from({ length: tenths + 1 }, (_, tenth) => markAt(tenth)),
  ...{ end: 'done', emptyBytes: 2_000_000, cores: 2 },
  total: { ...markAt(tenths).work, fresh: 10_000 * tenths },
});

test('a tenth tells what it cost alone', () => {
  const { marks, emptyBytes } = runOf(4);
  const [before, after] = [marks[3], marks[4]] as [ScaleMark, ScaleMark];
  const tenth = tenthOf(before, after, emptyBytes);
  assert.equal(tenth.tested, 400_000);
  assert.equal(tenth.perSecond, 50_000);
  assert.equal(tenth.fresh, 0.1);
  assert.deepEqual(tenth.redisMicroseconds, [2.5, 2.5]);
  assert.equal(tenth.redisMicrosecondsAPage, 100);
  assert.equal(Math.round(tenth.rewriteMicroseconds), 2);
  assert.equal(tenth.driverMicroseconds, 10);
  assert.equal(tenth.waiting, 20_000);
  // 4 tenths of 1,080,000 bytes, less 9 for each of 40,000 seen URLs, for 20,000 that wait.
  assert.equal(tenth.bytesPerWaiting, (4_320_000 - 360_000) / 20_000);
  assert.ok(Math.abs(tenth.otherCpus - 0.1) < 1e-9);
});

test('the balance is the most loaded shard to the mean', () => {
  assert.equal(balanceOf([1, 1, 1, 1]), 1);
  assert.equal(balanceOf([4, 0, 0, 0]), 4);
  assert.equal(balanceOf([0, 0]), 1);
});

test('each tenth has its line, under its head', () => {
  const line = scaleLine(runOf(2));
  assert.equal(line.length, scaleHead().length);
  assert.match(line, /^ *200,000 +10\.0 % +10,000 +50,000 +5\.00 +2\.50 2\.50 /);
});

test('the summary names each kind, what bound it, and the last tenth to the first', () => {
  const text = scaleSummary(runOf(10), 1_000_000);
  assert.match(text, /^All 1,000,000 URLs were decided, in 20 s\.$/m);
  assert.match(text, /: 1,000,000; of them new 100,000, known 900,000\.$/m);
  assert.match(text, /: 50,000 pages in 1,000 dispatches; asked of the gate 5,000 times\.$/m);
  assert.match(text, /: 300,000 \(30 %\) in 1,000 calls\.$/m);
  assert.match(text, /^0\.9 of 2 CPUs were busy, 0\.3 of them with Redis, 0\.1 with other work\.$/m);
  assert.match(text, /tested\/s 1\.00 ×, CPU of Redis a tested URL 1\.00 ×/);
  const early = scaleSummary({ ...runOf(3), end: 'memory' }, 1_000_000);
  assert.match(early, /^The memory was used up after 300,000 of 1,000,000 URLs/m);
});
