// The fleet's metrics in Prometheus' format: all series of src/metrics.ts, read from Redis each time. Only
// this file imports prom-client.

import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { Fleet } from '../fleet.ts';
import { gathered, type Metric, OTHER, standing } from '../metrics.ts';
import type { RequestQueue } from '../queue/queue.ts';
import { readMemory } from '../redis/facts.ts';
import type { Standing } from './heartbeat.ts';
import {
  type Counters,
  readCounters,
  readCrawlTotals,
  readDeadByCode,
  readQueues,
  readStandings,
  type Standings,
} from './snapshot.ts';

/** Content type of the text that renderMetrics returns. */
export const METRICS_CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE;

export type ExtraMetrics = Registry;

interface Sample {
  value: number;
  labels: Record<string, string | number>;
  metricName?: string;
}

/**
 * Metrics of this process (CPU, memory, event loop), which renderMetrics can add. To be called once in a
 * process.
 */
export function processMetrics(): ExtraMetrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  // These are gauges with the names of counters, which promtool rejects. The gauges for their parts stay.
  for (const kind of ['handles', 'requests', 'resources'])
    register.removeSingleMetric(`nodejs_active_${kind}_total`);
  return register;
}

/**
 * Metrics of the whole fleet in Prometheus' text format 0.0.4, followed by `extra`, the metrics of this
 * process. Counters include consumers that have ended. When a consumer is killed, its counts of the last
 * second are lost.
 */
export async function renderMetrics(
  fleet: Fleet,
  queues: readonly RequestQueue[],
  extra?: ExtraMetrics,
): Promise<string> {
  const counters = await readCounters(fleet);
  const values = await readStanding(fleet, queues);
  const metrics = [
    ...Object.values(gathered).map((metric: Metric) => jsonOf(metric, samplesOf(metric, counters))),
    ...Object.values(standing).map((metric: Metric) =>
      jsonOf(
        metric,
        metric.series.map((row) => ({
          labels: labelsOf(metric, row),
          value: values.get(keyOf(metric, row)) ?? 0,
        })),
      ),
    ),
  ];
  const ofFleet = AggregatorRegistry.aggregate([metrics]) as ExtraMetrics;
  return (extra ? Registry.merge([ofFleet, extra]) : ofFleet).metrics();
}

function jsonOf({ name, help, type }: Metric, values: Sample[]): object {
  return { name, help, type, values, aggregator: 'sum' };
}

function labelsOf({ labels }: Metric, row: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label, index) => [label, row[index] ?? '']));
}

function samplesOf(metric: Metric, counters: Counters): Sample[] {
  const { name, bounds } = metric;
  return metric.series.flatMap((row): Sample[] => {
    const labels = labelsOf(metric, row);
    if (metric.type !== 'histogram') return [{ labels, value: counters.of(metric, ...row) }];
    const { counts, sumSeconds } = counters.histogram(metric, ...row);
    let value = 0;
    const buckets = counts.map((count, index) => {
      value += count;
      return { metricName: `${name}_bucket`, labels: { ...labels, le: bounds[index] ?? '+Inf' }, value };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sumSeconds },
      { metricName: `${name}_count`, labels, value },
    ];
  });
}

const keyOf = ({ name }: Metric, row: readonly string[]) => [name, ...row].join(' ');

/** Values of the gauges, by name and label values. */
async function readStanding(fleet: Fleet, queues: readonly RequestQueue[]): Promise<Map<string, number>> {
  const [standings, crawls, jobs, memory] = await Promise.all([
    readStandings(fleet),
    readCrawlTotals(fleet),
    readQueues(queues),
    readMemory(fleet.redis),
  ]);
  const values = new Map<string, number>();
  const set = (metric: Metric, value: number, ...row: string[]) => values.set(keyOf(metric, row), value);
  setStandings(set, standings);
  set(standing.waiting, crawls.waiting);
  set(standing.open, crawls.open);
  set(standing.frontier, Math.max(0, crawls.waiting - crawls.open));
  for (const [state, count] of Object.entries(crawls.byState)) set(standing.crawls, count, state);
  for (const [state, count] of Object.entries(jobs)) set(standing.queue, count, state);
  const known = new Set(standing.deadLetters.series.map(([code]) => code));
  let others = 0;
  for (const [code, count] of await readDeadByCode(fleet, jobs.failed ?? 0)) {
    if (known.has(code) && code !== OTHER) set(standing.deadLetters, count, code);
    else others += count;
  }
  set(standing.deadLetters, others, OTHER);
  set(standing.redisMemory, memory.usedBytes ?? 0);
  set(standing.redisLimit, memory.maxBytes ?? 0);
  return values;
}

function setStandings(
  set: (metric: Metric, value: number, ...row: string[]) => void,
  { consumers, capacity, each }: Standings,
): void {
  const sum = (figure: (one: Standing) => number) => each.reduce((total, one) => total + figure(one), 0);
  const most = (figure: (one: Standing) => number) => Math.max(0, ...each.map(figure));
  set(standing.consumers, consumers);
  set(standing.capacity, capacity);
  set(
    standing.inFlight,
    sum(({ inFlight }) => inFlight),
  );
  set(
    standing.slotsHeld,
    sum(({ slotsHeld }) => slotsHeld),
  );
  set(
    standing.slotsAwaited,
    sum(({ slotsAwaited }) => slotsAwaited),
  );
  // Consumers of a former release tell nothing of threads.
  set(
    standing.threadsBusy,
    sum(({ threadsBusy = 0 }) => threadsBusy),
  );
  set(
    standing.threadsAwaited,
    sum(({ threadsAwaited = 0 }) => threadsAwaited),
  );
  const leftOut = sum(({ proxies }) => proxies?.leftOut ?? 0);
  set(standing.proxies, sum(({ proxies }) => proxies?.count ?? 0) - leftOut, 'working');
  set(standing.proxies, leftOut, 'left_out');
  set(standing.eventLoop, most(({ loop }) => loop.p50) / 1000, 'p50');
  set(standing.eventLoop, most(({ loop }) => loop.p99) / 1000, 'p99');
  set(standing.eventLoop, most(({ loop }) => loop.max) / 1000, 'max');
  set(standing.storeLag, most(({ storeLagMs }) => storeLagMs) / 1000);
  set(
    standing.memory,
    sum(({ resident }) => resident),
    'resident',
  );
  set(
    standing.memory,
    sum(({ heap }) => heap),
    'heap',
  );
}
