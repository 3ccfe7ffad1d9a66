// The output of the benchmark of the stores: a line for each, and what it costs beside the store of files.
import { inColumns } from '../measure/columns.ts';
import { median } from '../speed/figures.ts';
import type { Budget } from '../speed/report.ts';

export const storeNames = ['file', 'postgres', 's3'] as const;
export type StoreName = (typeof storeNames)[number];

/** The figures of one crawl. */
export interface StoreSample {
  pages: number;
  /** From the first request to the end of the command. */
  seconds: number;
  /** Of the process of drover, which consumes. */
  cpuSeconds: number;
  /** Of the server of the store. */
  storeCpuSeconds: number;
  peakBytes: number;
}

export type Round = Readonly<Partial<Record<StoreName, StoreSample>>>;

const LEAST_SPEED = 0.6;
const MOST_CPU = 1.15;

/** Of each store beside the store of files: the median of what each round says. */
export function budgetsOf(rounds: readonly Round[]): Budget[] {
  return storeNames.flatMap((name) => {
    const pairs = rounds.flatMap((round) => {
      const [one, files] = [round[name], round.file];
      return name !== 'file' && one && files ? [{ one, files }] : [];
    });
    if (pairs.length === 0) return [];
    const speed = median(pairs.map(({ one, files }) => files.seconds / one.seconds));
    const cpu = median(pairs.map(({ one, files }) => one.cpuSeconds / files.cpuSeconds));
    return [
      {
        what: `${name}: pages/s, relative to files`,
        ...{ budget: `≥ ${LEAST_SPEED}`, measured: speed.toFixed(2), met: speed >= LEAST_SPEED },
      },
      {
        what: `${name}: CPU of drover, relative to files`,
        ...{ budget: `≤ ${MOST_CPU}`, measured: cpu.toFixed(2), met: cpu <= MOST_CPU },
      },
    ];
  });
}

/** The report as text: a table of stores, and the budgets. */
export function report(rounds: readonly Round[]): string {
  const head = ['', 'pages/s', 'CPU s per 1,000: drover', 'store', 'peak MB of drover'];
  const rows = storeNames.flatMap((name) => {
    const samples = rounds.flatMap((round) => round[name] ?? []);
    if (samples.length === 0) return [];
    const of = (figure: (sample: StoreSample) => number) => median(samples.map(figure));
    return [
      [
        name,
        of(({ pages, seconds }) => pages / seconds).toFixed(0),
        of(({ pages, cpuSeconds }) => (1000 * cpuSeconds) / pages).toFixed(3),
        of(({ pages, storeCpuSeconds }) => (1000 * storeCpuSeconds) / pages).toFixed(3),
        of(({ peakBytes }) => peakBytes / 1e6).toFixed(0),
      ],
    ];
  });
  const budgets = budgetsOf(rounds).map(({ what, budget, measured, met }) => [
    what,
    measured,
    budget,
    met ? 'met' : 'MISSED',
  ]);
  const parts = [inColumns([head, ...rows])];
  if (budgets.length > 0) parts.push(inColumns([['budget', 'measured', 'allowed', ''], ...budgets]));
  return `${parts.join('\n\n')}\n`;
}
