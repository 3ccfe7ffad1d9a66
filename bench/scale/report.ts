// The output of a simulation: a line for each tenth, then what was done by kind, and how the costs grew.
import { grouped } from '../measure/columns.ts';
import { sum } from './readings.ts';
import type { ScaleMark, ScaleRun } from './run.ts';

/** What one tenth cost, and where the crawl was at its end. */
export interface ScaleTenth {
  /** Up to its end. */
  tested: number;
  pages: number;
  /** Tested URLs a second. */
  perSecond: number;
  /** Of the tested URLs of this tenth, the share that was new. */
  fresh: number;
  /** CPU of each Redis process for each URL that was tested: its own, and of its children. */
  redisMicroseconds: number[];
  rewriteMicroseconds: number;
  driverMicroseconds: number;
  /** CPU of Redis for each page that ended. */
  redisMicrosecondsAPage: number;
  bytesPerSeen: number;
  bytesPerWaiting: number;
  waiting: number;
  redisBytes: number;
  /** The most loaded shard to the mean of all, by seen and by waiting URLs. */
  balanceSeen: number;
  balanceWaiting: number;
  /** Lists of links to other shards that have not arrived there. */
  onTheWay: number;
  /** CPUs that other processes kept busy. */
  otherCpus: number;
}

/** The last tenth of what was run so far. */
export function lastTenthOf({ marks, emptyBytes }: ScaleRun): ScaleTenth {
  const [before, after] = marks.slice(-2) as [ScaleMark, ScaleMark];
  return tenthOf(before, after, emptyBytes);
}

export function tenthOf(before: ScaleMark, after: ScaleMark, emptyBytes: number): ScaleTenth {
  const { work, reading, seconds } = after;
  const tested = Math.max(1, work.tested - before.work.tested);
  const since = seconds - before.seconds;
  const each = (now: readonly number[], then: readonly number[]) =>
    now.map((one, index) => one - (then[index] ?? 0));
  const cpu = each(reading.cpuSeconds, before.reading.cpuSeconds);
  const rewrites = sum(each(reading.rewriteSeconds, before.reading.rewriteSeconds));
  const drivers = after.driverSeconds - before.driverSeconds;
  const seen = sum(reading.seen);
  const waiting = each(reading.seen, reading.recorded);
  const bytes = sum(reading.usedBytes) - emptyBytes;
  return {
    ...{ tested: work.tested, pages: work.pages, perSecond: tested / since },
    fresh: (seen - sum(before.reading.seen)) / tested,
    redisMicroseconds: cpu.map((one) => (one * 1e6) / tested),
    rewriteMicroseconds: (rewrites * 1e6) / tested,
    driverMicroseconds: (drivers * 1e6) / tested,
    redisMicrosecondsAPage: (sum(cpu) * 1e6) / Math.max(1, work.pages - before.work.pages),
    bytesPerSeen: reading.bytesPerSeen,
    bytesPerWaiting: (bytes - reading.bytesPerSeen * seen) / Math.max(1, sum(waiting)),
    ...{ waiting: sum(waiting), redisBytes: bytes },
    ...{ balanceSeen: balanceOf(reading.seen), balanceWaiting: balanceOf(waiting) },
    onTheWay: reading.onTheWay,
    otherCpus: Math.max(0, after.busySeconds - before.busySeconds - sum(cpu) - rewrites - drivers) / since,
  };
}

/** The largest to the mean. */
export function balanceOf(loads: readonly number[]): number {
  const mean = sum(loads) / loads.length;
  return mean === 0 ? 1 : Math.max(...loads) / mean;
}

const head = [
  ...['tested', 'new', 'pages', 'tested/s', 'Redis µs a tested URL', 'by process', 'log rewrites', 'drivers'],
  ...[
    'bytes/seen',
    'bytes/waiting',
    'waiting',
    'Redis MB',
    'balance: seen',
    'waiting',
    'on the way',
    'CPUs of others',
  ],
];

const cellsOf = (tenth: ScaleTenth): string[] => [
  ...[grouped(tenth.tested), `${(tenth.fresh * 100).toFixed(1)} %`, grouped(tenth.pages)],
  ...[grouped(tenth.perSecond), sum(tenth.redisMicroseconds).toFixed(2)],
  tenth.redisMicroseconds.map((one) => one.toFixed(2)).join(' '),
  ...[tenth.rewriteMicroseconds.toFixed(2), tenth.driverMicroseconds.toFixed(2)],
  ...[tenth.bytesPerSeen.toFixed(2), tenth.bytesPerWaiting.toFixed(1), grouped(tenth.waiting)],
  ...[grouped(tenth.redisBytes / 1e6), tenth.balanceSeen.toFixed(2), tenth.balanceWaiting.toFixed(2)],
  ...[grouped(tenth.onTheWay), tenth.otherCpus.toFixed(2)],
];

const lineOf = (cells: readonly string[]) =>
  cells.map((cell, column) => cell.padStart(Math.max((head[column] ?? '').length, 9))).join('  ');

/** A simulation may take long, so each line is printed when its tenth has ended. */
export const scaleHead = (): string => lineOf(head);
export const scaleLine = (run: ScaleRun): string => lineOf(cellsOf(lastTenthOf(run)));

/** What was done by kind, what bound it, and the last tenth to the first. */
export function scaleSummary(run: ScaleRun, urls: number): string {
  const { marks, end, emptyBytes, cores, total } = run;
  const [begin, first, last] = [marks[0], marks[1], marks.at(-1)] as [ScaleMark, ScaleMark, ScaleMark];
  const { seconds, reading } = last;
  const [whole, early, late] = [
    tenthOf(begin, last, emptyBytes),
    tenthOf(begin, first, emptyBytes),
    lastTenthOf(run),
  ];
  const busy = (last.busySeconds - begin.busySeconds) / seconds;
  const times = (of: (tenth: ScaleTenth) => number) => `${(of(late) / of(early)).toFixed(2)} ×`;
  return [
    end === 'done'
      ? `All ${grouped(urls)} URLs were decided, in ${grouped(seconds)} s.`
      : `The ${end} was used up after ${grouped(total.tested)} of ${grouped(urls)} URLs, in ${grouped(seconds)} s.`,
    `Tested against the seen set: ${grouped(total.tested)}; of them new ${grouped(total.fresh)}, known ${grouped(total.tested - total.fresh)}.`,
    `Dispatched and committed: ${grouped(total.pages)} pages in ${grouped(total.dispatches)} dispatches; asked of the gate ${grouped(total.asked)} times.`,
    `Links to other shards: ${grouped(total.abroad)} (${((100 * total.abroad) / total.tested).toFixed(0)} %) in ${grouped(total.deliveries)} calls.`,
    `A page cost Redis ${grouped(whole.redisMicrosecondsAPage)} µs of CPU; memory of all processes ${grouped(last.residentBytes / 1e6)} MB.`,
    `${busy.toFixed(1)} of ${cores} CPUs were busy, ${(sum(reading.cpuSeconds.map((one, index) => one - (begin.reading.cpuSeconds[index] ?? 0))) / seconds).toFixed(1)} of them with Redis, ${whole.otherCpus.toFixed(1)} with other work.`,
    `Last tenth to first: tested/s ${times(({ perSecond }) => perSecond)}, CPU of Redis a tested URL ${times(({ redisMicroseconds }) => sum(redisMicroseconds))}, CPU of the drivers ${times(({ driverMicroseconds }) => driverMicroseconds)}, bytes a seen URL ${times(({ bytesPerSeen }) => bytesPerSeen)}.`,
  ].join('\n');
}
