// The output of the benchmark of the frontier: one line for each size, and the comparison with the budgets.
import { inColumns } from '../measure/columns.ts';
import type { Budget } from '../speed/report.ts';
import { FEW, type FrontierFigures } from './figures.ts';

/**
 * Limit for the growth of a dispatch. If it looked at every waiting request, its time would grow with their
 * number.
 */
const MOST_TIMES_LONGER = 2;

/** The budgets, each for every size. */
export function frontierBudgetsOf(all: readonly FrontierFigures[]): Budget[] {
  return all.flatMap((figures) => {
    const { seen, offer, bytesPerSeen, bytesPerSeed, bytesPerWaiting, otherHost, status } = figures;
    const over = `over ${hostsOf(figures)}`;
    const budgets = [
      {
        what: `URLs offered per second, ${over}`,
        budget: `≥ ${whole(20_000)}`,
        measured: whole(offer.urlsPerSecond),
        met: offer.urlsPerSecond >= 20_000,
      },
      atMost(`memory of a waiting URL of 50 characters, ${over}`, 60, bytesPerWaiting, 'bytes'),
      atMost(`memory of a seen URL, ${whole(seen)} URLs`, 10, bytesPerSeen, 'bytes'),
      atMost(`memory of a kept seed of 50 characters, ${over}`, 16, bytesPerSeed, 'bytes'),
      atMost(
        `time of a dispatch, relative to ${whole(FEW)} waiting, ${over}`,
        MOST_TIMES_LONGER,
        timesLonger(figures),
        '×',
      ),
      {
        what: `waiting by status, the same as in the lanes, ${over}`,
        budget: whole(status.onLanes),
        measured: whole(status.waiting),
        met: status.waiting === status.onLanes,
      },
    ];
    if (otherHost)
      budgets.push(atMost(`time until another host is served, ${over}`, 1000, otherHost.milliseconds, 'ms'));
    return budgets;
  });
}

function atMost(what: string, most: number, value: number, unit: string): Budget {
  const measured = `${value.toFixed(1)} ${unit}`;
  return { what, budget: `≤ ${whole(most)} ${unit}`, measured, met: value <= most };
}

const timesLonger = ({ allWaiting, fewWaiting }: FrontierFigures) =>
  allWaiting.medianMs / fewWaiting.medianMs;

/** The report as text: the figures, a sentence on fairness, the budgets. */
export function frontierReport(all: readonly FrontierFigures[]): string {
  const head = [
    ...['', 'seen', 'waiting', 'offered/s', 'CPU µs: producer', 'Redis'],
    ...['bytes/seen', 'bytes/waiting', 'bytes/seed'],
    ...['dispatch', '99 %', `dispatch, ${whole(FEW)} waiting`, '99 %', 'times longer', 'status'],
    ...['Redis MB', 'peak', 'resident', 'CPUs of others'],
  ];
  const rows = all.map((figures) => {
    const { offer, fewWaiting, allWaiting, status, redis } = figures;
    const times = [allWaiting, fewWaiting].flatMap((one) => [one.medianMs, one.percentile99Ms]);
    return [
      ...[hostsOf(figures), whole(figures.seen), whole(figures.waiting), whole(offer.urlsPerSecond)],
      ...[offer.producerMicroseconds.toFixed(1), offer.redisMicroseconds.toFixed(1)],
      ...[figures.bytesPerSeen.toFixed(2), figures.bytesPerWaiting.toFixed(1)],
      figures.bytesPerSeed.toFixed(1),
      ...times.map((milliseconds) => `${milliseconds.toFixed(2)} ms`),
      ...[timesLonger(figures).toFixed(2), `${status.milliseconds.toFixed(2)} ms`],
      ...[redis.usedBytes, redis.peakBytes, redis.residentBytes].map((bytes) => (bytes / 1e6).toFixed(0)),
      offer.otherCpus.toFixed(2),
    ];
  });
  const fairness = all.flatMap(({ waiting, otherHost }) =>
    otherHost
      ? `With ${whole(waiting)} waiting at one host, the first URL of another is dispatched within ${otherHost.milliseconds.toFixed(1)} ms, by dispatch ${otherHost.dispatches}.`
      : [],
  );
  const budgets = frontierBudgetsOf(all).map(({ what, measured, budget, met }) => [
    ...[what, measured, budget, met ? 'met' : 'MISSED'],
  ]);
  const parts = [
    inColumns([head, ...rows]),
    fairness.join('\n'),
    inColumns([['budget', 'measured', 'allowed', ''], ...budgets]),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

const hostsOf = ({ hosts }: FrontierFigures) => (hosts === 1 ? '1 host' : `${whole(hosts)} hosts`);

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
