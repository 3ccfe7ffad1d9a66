// The figures of a crawl over many hosts: each tenth of its pages, what grows, and the verdict.
import { grouped, inColumns } from '../measure/columns.ts';
import { TOLERANCE_MS } from '../politeness/figures.ts';
import type { ManyHostsRun, TenthSample } from './crawl.ts';
import type { Shape } from './hosts.ts';

/** Between two samples. CPU is in milliseconds a page. */
export interface TenthFigures {
  /** Served so far. */
  pages: number;
  pagesPerSecond: number;
  msPerPage: number;
  cpu: { consumers: number; redis: number; site: number };
  consumerBytes: number[];
  redisBytes: number;
  usedBytes: number;
}

export function tenthOf(before: TenthSample, now: TenthSample): TenthFigures {
  const pages = now.pages - before.pages;
  const ms = now.atMs - before.atMs;
  const cpuMs = (of: keyof TenthSample['cpu']) => (1000 * (now.cpu[of] - before.cpu[of])) / pages;
  return {
    ...{ pages: now.pages, pagesPerSecond: (1000 * pages) / ms, msPerPage: ms / pages },
    cpu: { consumers: cpuMs('consumers'), redis: cpuMs('redis'), site: cpuMs('site') },
    ...{ consumerBytes: now.consumerBytes, redisBytes: now.redisBytes, usedBytes: now.usedBytes },
  };
}

/** What is wrong with the run, a sentence each; none if all is well. */
export function faultsOf({ counts, records, audit }: ManyHostsRun, shape: Shape): string[] {
  const { hosts, pagesPerHost } = shape;
  const pages = hosts * pagesPerHost;
  const { accepted, recorded, refused, dead, waiting } = counts;
  const checks: [boolean, string][] = [
    [audit.hosts === hosts, `${audit.hosts} hosts were asked, not ${hosts}`],
    [audit.served === pages, `${audit.served} pages were served, not ${pages}`],
    [audit.again === 0, `${audit.again} pages were fetched again`],
    [audit.robots === hosts, `${audit.robots} requests for robots.txt, not ${hosts}`],
    [audit.odd === 0, `${audit.odd} requests for no page, or without an answer`],
    [records.pages === pages, `${records.pages} pages have a record, not ${pages}`],
    [records.again === 0, `${records.again} records beyond one a page`],
    [records.odd === 0, `${records.odd} records of no page`],
    [recorded === pages && accepted === pages, `${accepted} accepted and ${recorded} recorded, not ${pages}`],
    [
      accepted === recorded + refused + dead + waiting && refused + dead + waiting === 0,
      `the counters do not add up: ${refused} refused, ${dead} dead, ${waiting} waiting`,
    ],
    [audit.breaches.length === 0, `${audit.breaches.length} breaches of politeness`],
  ];
  return checks.filter(([isGood]) => !isGood).map(([, sentence]) => sentence);
}

const head = [
  ...['pages', 'pages/s', 'ms a page', 'CPU ms: consumers', 'Redis', 'site'],
  ...['MB of the largest consumer', 'of the smallest', 'of Redis', 'its data'],
];
const megabytes = (bytes: number) => grouped(bytes / 1e6);

function rowOf({ cpu, consumerBytes, ...tenth }: TenthFigures): string[] {
  return [
    ...[grouped(tenth.pages), grouped(tenth.pagesPerSecond), tenth.msPerPage.toFixed(3)],
    ...[cpu.consumers.toFixed(3), cpu.redis.toFixed(3), cpu.site.toFixed(3)],
    ...[megabytes(Math.max(...consumerBytes)), megabytes(Math.min(...consumerBytes))],
    ...[megabytes(tenth.redisBytes), megabytes(tenth.usedBytes)],
  ];
}

/** One line for who waits. */
export function tenthLine(before: TenthSample, now: TenthSample): string {
  const cells = rowOf(tenthOf(before, now));
  return cells.map((cell, column) => `${head[column]} ${cell}`).join(', ');
}

/** How much a later tenth's figures are of an earlier one's. */
function growthLine(which: string, first: TenthFigures, last: TenthFigures): string {
  const ratio = (of: (tenth: TenthFigures) => number) => `${(of(last) / of(first)).toFixed(2)} ×`;
  const cpu = ratio(({ cpu }) => cpu.consumers + cpu.redis);
  const memory = ratio(({ consumerBytes }) => Math.max(...consumerBytes));
  const time = ratio(({ msPerPage }) => msPerPage);
  return `${which}: time a page ${time}, CPU a page of consumers and Redis ${cpu}, memory of the largest consumer ${memory}, data of Redis ${ratio(({ usedBytes }) => usedBytes)}`;
}

const SHOWN = 10;

export function manyHostsReport(run: ManyHostsRun, shape: Shape): string {
  const { samples, audit, busy } = run;
  const tenths = samples.slice(1).map((now, index) => tenthOf(samples[index] ?? now, now));
  // The first has the start of the processes in it, the last the end of the hosts with a delay.
  const compared = [
    { which: 'the last tenth to the first', first: tenths[0], last: tenths.at(-1) },
    { which: 'the ninth to the second', first: tenths[1], last: tenths.at(-2) },
  ];
  const faults = faultsOf(run, shape);
  const breaches = audit.breaches.slice(0, SHOWN).map(({ kind, earlier, later, earlyMs }) => {
    const apart = `${(later.start - earlier.start).toFixed(1)} ms after ${earlier.path}`;
    const late = `noted up to ${(earlier.lateMs ?? 0).toFixed(1)} ms late`;
    return `${later.host} ${kind}: ${later.path} came ${earlyMs.toFixed(1)} ms too early, ${apart}, ${late}`;
  });
  const seconds = ((samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0)) / 1000;
  return [
    inColumns([head, ...tenths.map(rowOf)], 0),
    '',
    ...compared.flatMap(({ which, first, last }) => (first && last ? growthLine(which, first, last) : [])),
    `${grouped(audit.served)} pages of ${grouped(audit.hosts)} hosts in ${grouped(seconds)} s; ${grouped(audit.robots)} robots.txt; ${grouped(audit.connections)} connections; the machine's CPUs were ${(100 * busy).toFixed(0)} % busy`,
    `${grouped(audit.full)} requests took the last of their host's places; ${grouped(audit.atDelay)} came within 10 % after their host's delay; ${audit.breaches.length} breaches (tolerance ${TOLERANCE_MS} ms), ${audit.excused} more (by ${audit.mostExcusedMs.toFixed(0)} ms at most) if the busy server had noted each start at once`,
    ...breaches,
    faults.length === 0
      ? 'nothing lost, nothing doubled, the counters add up'
      : `WRONG: ${faults.join('; ')}`,
  ].join('\n');
}
