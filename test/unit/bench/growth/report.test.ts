import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { type KeptGrowth, mergeKept, readKept } from '../../../../bench/growth/kept.ts';
import { growthSvg } from '../../../../bench/growth/plot.ts';
import { growthMarkdown, growthText } from '../../../../bench/growth/report.ts';
import { withWritten } from '../../../../bench/measure/written.ts';

const figures = (pages: number, date = '2026-01-02'): KeptGrowth => ({
  ...{
    pages,
    seconds: pages / 1250,
    wallSeconds: pages / 1250 + 1,
    otherCpus: 0.04,
    date,
    machine: 'this one',
  },
  cpu: { drover: 0.755, redis: 0.216 },
  peakBytes: { drover: 350e6, redis: 41e6 },
  steadyBytes: { drover: 330e6, redis: 30e6 },
});

test('each size has its line: speed, CPU and memory of drover and Redis', () => {
  const [, line] = growthText([figures(10_000)]).split('\n');
  const cells = line?.trim().split(/ {2,}/);
  assert.deepEqual(cells, [
    '10,000',
    '1,250',
    '9',
    '0.76',
    '0.22',
    '350',
    '41',
    '330',
    '30',
    '0.04',
    '2026-01-02',
  ]);
});

test('a size that is measured again replaces its former figures, the others stay', () => {
  const kept = mergeKept(
    [figures(10_000), figures(1_000_000)],
    [figures(10_000, '2026-02-03'), figures(100_000, '2026-02-03')],
  );
  assert.deepEqual(
    kept.map(({ pages, date }) => [pages, date]),
    [
      [10_000, '2026-02-03'],
      [100_000, '2026-02-03'],
      [1_000_000, '2026-01-02'],
    ],
  );
});

test('the docs name every machine once', () => {
  const other = { ...figures(100), machine: 'another one' };
  assert.match(growthMarkdown([figures(10), figures(20), other]), /^this one\. another one\.\n\n\| pages /);
});

test('the plot has a mark for each figure, each within its panel', () => {
  const svg = growthSvg([figures(10_000), figures(100_000), figures(1_000_000)]);
  const marks = [...svg.matchAll(/<circle class="mark [a-z]+" cx="([\d.]+)" cy="([\d.]+)"/g)];
  assert.equal(marks.length, 7 * 3);
  for (const [mark, x, y] of marks)
    assert.ok(Number(x) >= 0 && Number(x) <= 330 && Number(y) >= 0 && Number(y) <= 150, mark);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
});

test('a plot of one size is a plot', () => {
  assert.doesNotMatch(growthSvg([figures(10_000)]), /NaN|undefined|Infinity/);
});

test('docs/BENCHMARKS.md and docs/images/growth.svg tell the figures that are kept', () => {
  const kept = readKept();
  const docs = new URL('../../../../docs/', import.meta.url);
  const page = readFileSync(new URL('BENCHMARKS.md', docs), 'utf8');
  assert.ok(
    kept.length > 0 && existsSync(new URL('images/growth.svg', docs)),
    'run npm run bench -- --growth --write',
  );
  assert.equal(withWritten(page, 'growth', growthMarkdown(kept)), page);
  assert.equal(readFileSync(new URL('images/growth.svg', docs), 'utf8'), growthSvg(kept));
});
