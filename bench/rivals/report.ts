// The table of drover and its rivals, for the terminal and for docs/BENCHMARKS.md.
import { grouped, inColumns, inMarkdown } from '../measure/columns.ts';
import type { PartFigures } from '../speed/figures.ts';
import type { Entry, LeftOut } from './entries.ts';

/** What one entry came to: its figures, or why it failed. */
export interface Result extends Pick<Entry, 'name' | 'title' | 'version' | 'isFollowing' | 'keeps'> {
  figures: PartFigures | null;
  /** In one line. */
  failure: string | null;
}

export interface RivalReport {
  results: readonly Result[];
  leftOut: readonly LeftOut[];
}

/** drover against an entry. A ratio above 1 is in drover's favour. */
export interface Ratios {
  /** drover's pages per second, divided by those of the entry. */
  speed: number;
  /** The entry's CPU seconds, divided by those of drover and its Redis. */
  cpu: number;
  /** The entry's peak memory, divided by that of drover and its Redis. */
  memory: number;
}

/** The CPU seconds for 1,000 pages, Redis included. */
export const cpuOf = ({ cpu }: PartFigures) => cpu.process + (cpu.redis ?? 0);
/** The peak of memory, Redis included. */
export const bytesOf = ({ peakBytes }: PartFigures) => peakBytes.process + (peakBytes.redis ?? 0);

/**
 * Who follows links is compared with drover's crawl, who gets a list with drover's crawl of a list. Null if
 * one of the two has no figures.
 */
export function ratiosOf(result: Result, results: readonly Result[]): Ratios | null {
  const ofDrover = result.isFollowing ? 'drover' : 'list';
  const drover = results.find(({ name }) => name === ofDrover)?.figures;
  const { figures } = result;
  if (!drover || !figures) return null;
  return {
    speed: drover.pagesPerSecond / figures.pagesPerSecond,
    cpu: cpuOf(figures) / cpuOf(drover),
    memory: bytesOf(figures) / bytesOf(drover),
  };
}

export const hasFailed = ({ results }: RivalReport) => results.some(({ failure }) => failure !== null);

const head = [
  'what',
  'version',
  'finds pages by',
  'keeps',
  'pages/s',
  'drover ÷ it',
  'CPU s per 1,000',
  'it ÷ drover',
  'peak MB',
  'it ÷ drover',
  'pages',
];

function rowsOf({ results }: RivalReport): string[][] {
  return results.map((result) => {
    const { title, version, isFollowing, keeps, figures, failure } = result;
    const ratios = ratiosOf(result, results);
    const [speed, cpu, memory] = ratios ? [ratios.speed, ratios.cpu, ratios.memory].map(times) : [];
    return [
      title,
      version,
      isFollowing ? 'links' : 'a list',
      keeps,
      ...(figures
        ? [
            ...[grouped(figures.pagesPerSecond), speed ?? '–', cpuOf(figures).toFixed(2), cpu ?? '–'],
            ...[(bytesOf(figures) / 1e6).toFixed(0), memory ?? '–', grouped(figures.pages)],
          ]
        : ['–', '–', '–', '–', '–', '–', `FAILED: ${failure}`]),
    ];
  });
}

/** For the terminal: the table, and what was left out. */
export function rivalText(report: RivalReport): string {
  const left = report.leftOut.map(({ title, because }) => `left out: ${title}: ${because}`);
  return `${[inColumns([head, ...rowsOf(report)], 4), left.join('\n')].filter(Boolean).join('\n\n')}\n`;
}

/** For the docs, in Markdown. */
export function rivalMarkdown(report: RivalReport): string {
  const left = report.leftOut.map(({ title, because }) => `- Left out: ${title}: ${because}`);
  return [inMarkdown([head, ...rowsOf(report)], 4), left.join('\n')].filter(Boolean).join('\n\n');
}

/** Two digits that count: 12 ×, 5.4 ×, 0.37 ×. */
export function times(ratio: number): string {
  const digits = Math.max(0, 1 - Math.floor(Math.log10(ratio)));
  return `${grouped(ratio, Math.min(digits, 2))} ×`;
}
