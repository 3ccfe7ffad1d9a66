// What drover bench again has found: a table, and the checks.
import { inColumns } from '../measure/columns.ts';

/** Paths, sorted. */
export interface Planted {
  new: string[];
  changed: string[];
  gone: string[];
}

export interface AgainRun {
  title: string;
  seconds: number;
  /** Of drover, without Redis. */
  cpuSeconds: number;
  /** By the server's log: requests by status, and all that was sent, headers included; robots.txt aside. */
  statuses: Record<number, number>;
  bytes: number;
  recorded: number;
  unchanged: number;
  notDue: number;
  /** What has changed since the run before, and what `drover changes` says; null if it was not asked. */
  expected: Planted | null;
  found: Planted | null;
}

export interface Check {
  says: string;
  holds: boolean;
}

/** Of an unchanged site, so much of the bytes may come. */
const MOST_BYTES = 0.5;

/** `runs`: the first, an unchanged one, others. */
export function checksOf([first, second, ...others]: readonly AgainRun[]): Check[] {
  if (!first || !second) return [];
  const share = second.bytes / first.bytes;
  const checks = [
    {
      says: `all ${first.recorded} pages are unchanged, with 304 or equal (${second.unchanged})`,
      holds: second.unchanged === first.recorded && second.recorded === first.recorded,
    },
    { says: `${(100 * share).toFixed(1)} % of the bytes, at most 50 %`, holds: share <= MOST_BYTES },
  ];
  for (const { title, expected, found } of [second, ...others])
    if (expected)
      checks.push({
        says: `${title}: changes names ${countOf(expected)} pages, and these alone`,
        holds: JSON.stringify(found) === JSON.stringify(expected),
      });
  return checks;
}

const countOf = (planted: Planted) => Object.values(planted).flat().length;

export function report(runs: readonly AgainRun[], checks: readonly Check[]): string {
  const first = runs[0]?.bytes ?? 0;
  const head = ['run', 'seconds', 'pages/s', 'CPU s', 'answers', 'MB', 'bytes', 'unchanged', 'not due'];
  const rows = runs.map(({ title, seconds, cpuSeconds, statuses, bytes, recorded, unchanged, notDue }) => [
    ...[title, seconds.toFixed(1), (recorded / seconds).toFixed(0), cpuSeconds.toFixed(1)],
    Object.entries(statuses)
      .map(([status, count]) => `${count} × ${status}`)
      .join(', '),
    ...[
      (bytes / 1e6).toFixed(1),
      `${((100 * bytes) / first).toFixed(1)} %`,
      String(unchanged),
      String(notDue),
    ],
  ]);
  const lines = checks.map(({ says, holds }) => `${holds ? 'holds ' : 'FAILS '} ${says}`);
  return `${inColumns([head, ...rows])}\n\n${lines.join('\n')}`;
}
