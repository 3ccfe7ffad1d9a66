// What a page costs Redis while there is always more to do: the simulation of bench/scale.ts, with BullMQ's
// queue and without fetches. In a crawl on a small machine, Redis waits most of the time, and is woken for
// little.

import { inColumns } from '../measure/columns.ts';
import { sum } from '../scale/readings.ts';
import { tenthOf } from '../scale/report.ts';
import { runScale, type ScaleMark } from '../scale/run.ts';
import { median } from '../speed/figures.ts';

export interface AtWork {
  /** CPU of all Redis processes a page, in milliseconds. */
  redisMs: number;
  pagesPerSecond: number;
  pagesPerDispatch: number;
  /** How much of a CPU all Redis processes used. */
  redisCpus: number;
}

const URLS = 600_000;
const WEB = { links: 20, known: 0.9, abroad: 0.3, timed: 0.1 };

/** Throws an Error if a page is missing. */
export async function atWork(
  hosts: number,
  { shards, redis }: { shards: number; redis: number },
): Promise<AtWork> {
  const run = await runScale(
    {
      ...{ shards, redis, urls: URLS, seeds: 10_000, window: 50, drivers: Math.min(2, shards) },
      ...{ delayMs: 1000, withQueue: true, mostMemory: 0.6, mostSeconds: 600, web: { hosts, ...WEB } },
    },
    () => undefined,
  );
  const [begin, last] = [run.marks[0], run.marks.at(-1)] as [ScaleMark, ScaleMark];
  const whole = tenthOf(begin, last, run.emptyBytes);
  return {
    redisMs: whole.redisMicrosecondsAPage / 1000,
    pagesPerSecond: last.work.pages / last.seconds,
    pagesPerDispatch: last.work.pages / last.work.dispatches,
    redisCpus: (sum(whole.redisMicroseconds) * whole.perSecond) / 1e6,
  };
}

export function atWorkTable(runs: {
  one: readonly AtWork[];
  many: readonly AtWork[];
  shards: number;
  redis: number;
}): string {
  const row = (name: string, of: readonly AtWork[]) => {
    const mid = (figure: (run: AtWork) => number, digits: number) => median(of.map(figure)).toFixed(digits);
    return [
      ...[name, mid(({ redisMs }) => redisMs, 3), mid(({ pagesPerSecond }) => pagesPerSecond, 0)],
      ...[mid(({ pagesPerDispatch }) => pagesPerDispatch, 1), mid(({ redisCpus }) => redisCpus, 2)],
    ];
  };
  return inColumns([
    ['', 'Redis ms a page', 'pages/s', 'pages a dispatch', 'CPUs of Redis'],
    row('1 shard on 1 Redis', runs.one),
    row(`${runs.shards} shards on ${runs.redis}`, runs.many),
  ]);
}
