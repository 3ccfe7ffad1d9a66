// The table of a crawl at each size, for the terminal and for docs/BENCHMARKS.md.
import { grouped, inColumns, inMarkdown } from '../measure/columns.ts';
import type { KeptGrowth } from './kept.ts';

const head = [
  'pages',
  'pages/s',
  'seconds',
  'CPU s per 1,000: drover',
  'Redis',
  'peak MB: drover',
  'Redis',
  'steady MB: drover',
  'Redis',
  'CPUs of others',
  'measured',
];

function rowsOf(all: readonly KeptGrowth[]): string[][] {
  const megabytes = (bytes: number) => grouped(bytes / 1e6);
  return all.map(({ pages, seconds, wallSeconds, cpu, peakBytes, steadyBytes, otherCpus, date }) => [
    ...[grouped(pages), grouped(pages / seconds), grouped(wallSeconds)],
    ...[cpu.drover.toFixed(2), cpu.redis.toFixed(2)],
    ...[megabytes(peakBytes.drover), megabytes(peakBytes.redis)],
    ...[megabytes(steadyBytes.drover), megabytes(steadyBytes.redis)],
    ...[otherCpus.toFixed(2), date],
  ]);
}

export function growthText(all: readonly KeptGrowth[]): string {
  return `${inColumns([head, ...rowsOf(all)], 0)}\n`;
}

export function growthMarkdown(all: readonly KeptGrowth[]): string {
  const machines = [...new Set(all.map(({ machine }) => machine))];
  return `${machines.join('. ')}.\n\n${inMarkdown([head, ...rowsOf(all)], 0)}\n\n![Speed, CPU and memory by the size of the site](images/growth.svg)`;
}
