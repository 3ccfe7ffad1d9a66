import assert from 'node:assert/strict';
import test from 'node:test';
import {
  hasFailed,
  type Result,
  ratiosOf,
  rivalMarkdown,
  rivalText,
  times,
} from '../../../../bench/rivals/report.ts';
import { figuresOf } from '../../../../bench/speed/figures.ts';

interface Measured {
  seconds: number;
  cpuSeconds: number;
  bytes: number;
  redis?: { cpuSeconds: number; peakBytes: number };
}

const figures = ({ seconds, cpuSeconds, bytes, redis }: Measured) =>
  figuresOf([
    {
      ...{ pages: 10_001, seconds, wallSeconds: seconds, busySeconds: 0, startSeconds: null, server: null },
      process: { cpuSeconds, peakBytes: bytes },
      redis: redis ? { ...redis, reads: 1, calls: {} } : null,
    },
  ]);

const common = { version: '1.2', keeps: 'nothing', failure: null };
const drover: Result = {
  ...{ ...common, name: 'drover', title: 'drover crawl', isFollowing: true },
  figures: figures({ seconds: 10, cpuSeconds: 8, bytes: 180e6, redis: { cpuSeconds: 2, peakBytes: 20e6 } }),
};
const list: Result = {
  ...{ ...common, name: 'list', title: 'drover crawl of a list', isFollowing: false },
  figures: figures({ seconds: 5, cpuSeconds: 5, bytes: 100e6 }),
};
const slow: Result = {
  ...{ ...common, name: 'slow', title: 'Slow | steady', isFollowing: true },
  figures: figures({ seconds: 120, cpuSeconds: 55, bytes: 100e6 }),
};
const loop: Result = {
  ...{ ...common, name: 'loop', title: 'a loop', isFollowing: false },
  figures: figures({ seconds: 2, cpuSeconds: 10, bytes: 50e6 }),
};
const failed: Result = { ...slow, name: 'failed', figures: null, failure: '9 pages were fetched, not 10001' };

test('who follows links is compared with the crawl, Redis included', () => {
  assert.deepEqual(ratiosOf(slow, [drover, list, slow]), { speed: 12, cpu: 5.5, memory: 0.5 });
});

test('who gets a list is compared with the crawl of a list', () => {
  assert.deepEqual(ratiosOf(loop, [drover, list, loop]), { speed: 0.4, cpu: 2, memory: 0.5 });
});

test('without figures of drover or of the rival there is no ratio', () => {
  assert.equal(ratiosOf(slow, [list, slow]), null);
  assert.equal(ratiosOf(failed, [drover, failed]), null);
});

test('a rival that did not fetch every page fails the report, and its line says why', () => {
  assert.equal(hasFailed({ results: [drover, slow], leftOut: [] }), false);
  const report = { results: [drover, failed], leftOut: [] };
  assert.equal(hasFailed(report), true);
  assert.match(rivalText(report), /Slow \| steady +1\.2 .*FAILED: 9 pages were fetched, not 10001/);
});

test('the table has a line for each entry, in columns, and names what was left out', () => {
  const text = rivalText({
    results: [drover, slow],
    leftOut: [{ title: 'Gone', because: 'no such package' }],
  });
  const [table = '', left] = text.split('\n\n');
  const lines = table.split('\n');
  assert.equal(new Set(lines.map((line) => line.length)).size, 1, table);
  assert.match(
    lines[1] ?? '',
    /drover crawl +1\.2 +links +nothing +1,000 +1\.0 × +1\.00 +1\.0 × +200 +1\.0 × +10,001/,
  );
  assert.match(lines[2] ?? '', / 83 +12 × +5\.50 +5\.5 × +100 +0\.50 × +10,001$/);
  assert.equal(left, 'left out: Gone: no such package\n');
});

test('the Markdown table has as many cells in each line, whatever a title holds', () => {
  const lines = rivalMarkdown({ results: [drover, slow, failed], leftOut: [] }).split('\n');
  assert.equal(lines.length, 5);
  const cells = lines.map((line) => line.replaceAll('\\|', '').split('|').length);
  assert.equal(new Set(cells).size, 1, lines.join('\n'));
});

test('a ratio is told with two digits that count', () => {
  assert.deepEqual([12.34, 5.38, 0.374, 1, 9.96, 1234.5, 0.05].map(times), [
    ...['12 ×', '5.4 ×', '0.37 ×', '1.0 ×', '10.0 ×', '1,235 ×', '0.05 ×'],
  ]);
});
