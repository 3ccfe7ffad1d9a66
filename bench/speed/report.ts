// The output of the benchmark: one line for each part, and the comparison of drover with its budgets.
import { inColumns } from '../measure/columns.ts';
import type { Figures, PartName } from './figures.ts';

const titles: Record<PartName, string> = {
  got: 'bare got loop, no queue',
  bullmq: 'BullMQ, jobs that do nothing',
  crawl: 'drover crawl, links followed',
  list: 'drover crawl, a list of URLs',
  handler: 'drover crawl, a handler that does nothing',
  query: 'drover crawl, a handler that uses $',
};

export interface Budget {
  what: string;
  budget: string;
  measured: string;
  met: boolean;
}

/** The budgets for which there are figures. Some need the figures of a reference from the same run. */
export function budgetsOf({ got, crawl, list, handler }: Figures): Budget[] {
  const budgets: Budget[] = [];
  const atLeast = (what: string, least: number, value: number) =>
    budgets.push({ what, budget: `≥ ${percent(least)}`, measured: percent(value), met: value >= least });
  const atMost = (what: string, most: number, value: number, unit: string, digits: number) =>
    budgets.push({
      what,
      budget: `≤ ${most}${unit}`,
      measured: value.toFixed(digits) + unit,
      met: value <= most,
    });

  if (got && crawl)
    atLeast('speed of a crawl, relative to the got loop', 0.52, crawl.pagesPerSecond / got.pagesPerSecond);
  if (got && list)
    atLeast('speed of a list, relative to the got loop', 0.6, list.pagesPerSecond / got.pagesPerSecond);
  if (crawl && handler) {
    const more = 100 * (handler.cpu.process / crawl.cpu.process - 1);
    atMost('CPU of a handler that does nothing, of that of the crawl', 3, more, ' %', 1);
  }
  if (crawl) {
    const cpu = crawl.cpu.process + (crawl.cpu.redis ?? 0);
    if (got) {
      const times = (seconds: number) => seconds / got.cpu.process;
      atMost('CPU of a crawl, consumer and Redis, to that of the got loop', 2.3, times(cpu), ' ×', 2);
      atMost('of it Redis', 0.33, times(crawl.cpu.redis ?? 0), ' ×', 2);
    }
    atMost('script calls of Redis per page', 3, crawl.redisScripts ?? 0, '', 2);
    atMost('memory of the consumer', 220, crawl.peakBytes.process / 1e6, ' MB', 0);
    // Before the first page, the process starts, connects, offers its seed and fetches robots.txt.
    atMost('start of the command to its first page', 0.35, crawl.startSeconds ?? 0, ' s', 2);
  }
  return budgets;
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

/** The report as text: a table of parts, the calls of Redis, the budgets. */
export function report(figures: Figures): string {
  const head = [
    '',
    'pages/s',
    'wall',
    'CPU s per 1,000: process',
    'Redis',
    'server',
    'peak MB: process',
    'Redis',
    'scripts/page',
    'reads/page',
    'CPUs of others',
  ];
  const rows = Object.entries(figures).map(([name, part]) => [
    titles[name as PartName],
    part.pagesPerSecond.toFixed(0),
    `${part.wallSeconds.toFixed(2)} s`,
    ...[part.cpu.process, part.cpu.redis, part.cpu.server].map((seconds) => fixed(seconds, 3)),
    ...[part.peakBytes.process, part.peakBytes.redis].map((bytes) =>
      fixed(bytes === null ? null : bytes / 1e6, 0),
    ),
    fixed(part.redisScripts, 2),
    fixed(part.redisReads, 2),
    part.otherCpus.toFixed(2),
  ]);
  const budgets = budgetsOf(figures).map(({ what, budget, measured, met }) => [
    what,
    measured,
    budget,
    met ? 'met' : 'MISSED',
  ]);
  const calls = Object.entries(figures).flatMap(([name, { redisCalls }]) =>
    callsLine(titles[name as PartName], redisCalls),
  );
  const parts = [inColumns([head, ...rows]), calls.join('\n')];
  if (budgets.length > 0) parts.push(inColumns([['budget', 'measured', 'allowed', ''], ...budgets]));
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

/** A line with the commands that are called at least once for every hundred pages. */
function callsLine(title: string, calls: Record<string, number> | null): string[] {
  const often = Object.entries(calls ?? {}).filter(([, n]) => n >= 0.01);
  if (often.length === 0) return [];
  return [
    `Redis calls per page, ${title}: ${often.map(([name, n]) => `${name} ${n.toFixed(2)}`).join(', ')}`,
  ];
}

const fixed = (value: number | null, digits: number) => (value === null ? '–' : value.toFixed(digits));
