// The plot of compare: as SVG, and in a terminal of 80 columns.
import assert from 'node:assert/strict';
import test from 'node:test';
import stringWidth from 'string-width';
import { plotText } from '../../../cli/compare/plot.ts';
import { comparisonText } from '../../../cli/compare/text.ts';
import type { Comparison } from '../../../src/compare/compare.ts';
import { comparisonSvg } from '../../../src/compare/svg.ts';
import type { CompareRun, Mode } from '../../../src/compare/ways.ts';

function run(mode: Mode, concurrency: number, pagesPerSecond: number): CompareRun {
  return {
    ...{
      mode,
      concurrency,
      pagesPerSecond,
      threads: mode === 'threads' ? concurrency : mode === 'hybrid' ? 2 : 0,
    },
    ...{ rounds: 3, pages: pagesPerSecond > 0 ? 100 : 0, spread: 0.1, attainable: pagesPerSecond },
    ...{ latencyMs: { p50: 101, p95: 140, p99: 12_345 }, cpuPer1000: 1.234, peakBytes: 4e8 },
    ...{
      loopDelayP99Ms: 12,
      errors: pagesPerSecond > 0 ? {} : { E_HANDLER: 12 },
      isCpuBound: false,
      errorTexts: {},
    },
  };
}

const runs = [
  ...[run('loop', 1, 9.1), run('loop', 10, 88), run('loop', 200, 12_345)],
  ...[run('hybrid', 50, 380), run('threads', 8, 70), run('threads', 32, 0)],
];
const found: Comparison = {
  ...{ recommendation: 'loop', concurrency: 200, threads: 0, surety: 1, profile: null, runs },
  reason: 'Requests take 114 ms, the handler 0.2 ms. '.repeat(5).trim(),
  settings: { flags: '--concurrency 200', handler: { blocking: false } },
  notes: ['Measured against a local replica.'],
  sample: { urls: 20, hosts: 1, isReplica: true },
};

test('the plot and the table fit into 80 columns and show each run', () => {
  const plot = plotText(runs, false);
  for (const line of plot.split('\n')) assert.ok(stringWidth(line) <= 80, line);
  const body = plot.split('\n').slice(1).join('\n');
  const signsOf = (sign: string) =>
    body
      .split('\n')
      .filter((line) => /[│┤]/.test(line))
      .join('')
      .split(sign).length - 1;
  assert.deepEqual([signsOf('o'), signsOf('+'), signsOf('#')], [3, 1, 1], plot);
  assert.match(plot, /requests at once/);
  const text = comparisonText(found, { handlers: ['h.ts'], colour: false });
  for (const line of text.split('\n')) assert.ok(stringWidth(line) <= 80, `${stringWidth(line)}: ${line}`);
  assert.match(text, /^→ {2}loop +200 /m);
  assert.match(text, /^recommendation: loop, 200 requests at once \(sure\)$/m);
  assert.match(text, /drover crawl URL --handler h\.ts --concurrency 200/);
  assert.match(text, /threads 32: 12 × E_HANDLER/);
});

test('the highest run stands on the highest line, and the left one at the left', () => {
  const lines = plotText(runs, false).split('\n');
  assert.match(lines[1] ?? '', /o$/);
  assert.match(lines.find((line) => /[│┤]o/.test(line)) ?? '', /[│┤]o/);
});

test('the SVG has six panels with titles, units, ticks and a legend, for light and dark grounds', () => {
  const svg = comparisonSvg(found);
  for (const title of [
    'Throughput, pages/s',
    'ms',
    'CPU for 1,000 pages, s',
    'Peak memory, MB',
    'Errors, % of pages',
  ])
    assert.ok(svg.includes(title), title);
  assert.equal(
    [...svg.matchAll(/class="mark loop"/g)].length,
    6 * 3 + 1,
    'a mark for each run, and the legend',
  );
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.equal([...svg.matchAll(/class="ring"/g)].length, 6);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});
