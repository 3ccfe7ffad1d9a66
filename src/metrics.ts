// The catalogue of all metrics: what Prometheus is told of a fleet. Every series that there can be follows from this table, so that their
// number does not depend on hosts, crawls, URLs or consumers. docs/metrics.md is held to it.
import { type CatalogueEntry, catalogue, type ErrorCode } from './errors.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  /** The values of its labels, one row for each series; one empty row where it has no label. */
  readonly series: readonly (readonly string[])[];
  /** Of a histogram: upper bounds in seconds, without +Inf. */
  readonly bounds: readonly number[];
}

/** Codes that an attempt, a refusal, a dead letter or what was left out may carry, each with its layer. The others are of commands and the API. */
export const requestErrors = (Object.entries(catalogue) as [ErrorCode, CatalogueEntry][])
  .filter(([, { ends }]) => ends !== null)
  .map(([code, { layer }]) => [layer, code] as const);

/** What is in no row of its own. */
export const OTHER = 'other';

export const outcomes = [
  'recorded',
  'refused',
  'dead',
  'retry',
  'postponed',
  'done',
  'lost',
  'stop',
  'trouble',
] as const;
export const phases = ['queue', 'slot', 'dns', 'connect', 'tls', 'first_byte', 'download', 'total'] as const;
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', OTHER] as const;
export const robotsResults = ['answer', 'unreachable', 'later', 'forbidden'] as const;
/** Scripts that a consumer runs for its pages, by the names of their files; the others are `other`. */
export const redisScripts = [
  'dispatch',
  'commit',
  'offer',
  'slot',
  'started',
  'renew',
  'pace',
  'heartbeat',
] as const;
export const crawlStates = ['running', 'paused', 'finished', 'cancelled'] as const;
export const queueStates = ['wait', 'active', 'delayed', 'failed'] as const;
export const delayStatistics = ['p50', 'p99', 'max'] as const;
export const memoryKinds = ['resident', 'heap'] as const;

const phaseBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const callBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

type Row = string | readonly string[];

const rowsOf = (rows: readonly Row[]) => rows.map((row) => (typeof row === 'string' ? [row] : row));
const metric = (
  type: MetricType,
  name: string,
  help: string,
  labels: readonly string[],
  rows: readonly Row[],
  bounds: readonly number[] = [],
): Metric => ({ name: `drover_${name}`, type, help, labels, series: rowsOf(rows), bounds });
const counter = (name: string, help: string, labels: readonly string[] = [], rows: readonly Row[] = [[]]) =>
  metric('counter', `${name}_total`, help, labels, rows);
const gauge = (name: string, help: string, labels: readonly string[] = [], rows: readonly Row[] = [[]]) =>
  metric('gauge', name, help, labels, rows);

/** Gathered by consumers, added up in Redis for the whole fleet: they do not go back when consumers come and go. */
export const gathered = {
  outcomes: counter(
    'outcomes',
    'Jobs by how processing them ended. recorded, refused and dead end a request; done: it had ended before; trouble: put back for a fault of ours, such as a full disk.',
    ['outcome'],
    outcomes,
  ),
  errors: counter(
    'errors',
    'Attempts that failed, refusals and recorded answers that are no success, by layer and code.',
    ['layer', 'code'],
    requestErrors,
  ),
  responses: counter('responses', 'Answers of servers by class of status.', ['class'], statusClasses),
  toldOff: counter(
    'told_off',
    'Answers that paused their host and put the request back: 429, Retry-After, spent quotas.',
  ),
  bytes: counter('body_bytes', 'Decoded bytes of the bodies of requests that ended.'),
  redirects: counter('redirects', 'Redirects followed.'),
  robots: counter(
    'robots_fetches',
    'Fetches of robots.txt; later: the host asked to come again, forbidden: its address may not be reached.',
    ['result'],
    robotsResults,
  ),
  wakes: counter('worker_wakes', 'Workers replaced because they took no jobs though some waited.'),
  tailSkipped: counter('tail_skipped', 'Lines that the live tail left out, being more than 50 in 250 ms.'),
  phases: metric(
    'histogram',
    'request_phase_seconds',
    'Time of each attempt by phase; those of the network are of its last hop, queue and slot are the waits before it.',
    ['phase'],
    phases,
    phaseBounds,
  ),
  store: metric(
    'histogram',
    'store_write_seconds',
    'From handing a record to the store until it is durable.',
    [],
    [[]],
    callBounds,
  ),
  redis: metric(
    'histogram',
    'redis_call_seconds',
    'Time of calls to Redis by script, as the consumer sees it: its own event loop counts too.',
    ['script'],
    [...redisScripts, OTHER],
    callBounds,
  ),
} as const satisfies Record<string, Metric>;

/** As things stand: of the consumers that are alive, and of what is in Redis. */
export const standing = {
  consumers: gauge('consumers', 'Consumers that are alive.'),
  capacity: gauge('capacity', 'Fetches that all consumers together may have in flight.'),
  inFlight: gauge('in_flight', 'Fetches in flight, from their start to the commit of their end.'),
  slotsHeld: gauge('slots_held', 'Slots that consumers hold.'),
  slotsAwaited: gauge('slots_awaited', 'Jobs that wait in a consumer for a slot.'),
  eventLoop: gauge(
    'event_loop_delay_seconds',
    'How late the event loop was in the last second, in the consumer where it was worst.',
    ['statistic'],
    delayStatistics,
  ),
  storeLag: gauge(
    'store_lag_seconds',
    'Age of the oldest record that is not durable yet, in the consumer where it is oldest.',
  ),
  memory: gauge('consumer_memory_bytes', 'Memory of all consumers together.', ['kind'], memoryKinds),
  waiting: gauge('waiting_requests', 'Accepted requests of open crawls that have not ended.'),
  open: gauge('open_requests', 'Those of them that dispatch has handed to the queue.'),
  frontier: gauge('frontier_requests', 'Those of them that are still in the frontier.'),
  crawls: gauge(
    'crawls',
    'Crawls by state: all that are active, and the newest 1,000.',
    ['state'],
    crawlStates,
  ),
  queue: gauge(
    'queue_jobs',
    'Jobs in the queue by state; failed ones are the dead letters.',
    ['state'],
    queueStates,
  ),
  deadLetters: gauge(
    'dead_letters',
    'Dead letters by code. Of very many groups of code and host, those beyond the 10,000 that grew last are in code other.',
    ['code'],
    [...requestErrors.map(([, code]) => code), OTHER],
  ),
  redisMemory: gauge('redis_memory_bytes', 'Memory that Redis uses.'),
  redisLimit: gauge('redis_memory_limit_bytes', 'Its maxmemory; 0 where there is no limit.'),
} as const satisfies Record<string, Metric>;

export const metrics: readonly Metric[] = [...Object.values(gathered), ...Object.values(standing)];

/** Of a histogram: its buckets, each by its bound, and after them the sum in microseconds. */
const bucketsOf = ({ bounds }: Metric): string[] => [...bounds.map(String), '+Inf', 'sum'];

/** The names in the fleet's hash, where each figure is a whole number. */
export const fields: readonly string[] = Object.values(gathered).flatMap((each: Metric) =>
  each.series.flatMap((row) =>
    each.type === 'histogram'
      ? bucketsOf(each).map((bucket) => fieldOf(each, row, bucket))
      : [fieldOf(each, row)],
  ),
);
const places = new Map(fields.map((field, place) => [field, place]));

/** `bucket` of a histogram: a bound, '+Inf' or 'sum'. */
export function fieldOf({ name }: Metric, row: readonly string[], bucket?: string): string {
  return [name, ...row, ...(bucket === undefined ? [] : [bucket])].join(' ');
}

/** Where a gathered series stands among `fields`; of a histogram its first bucket, the others follow. Undefined for what is none. */
export function placeOf(metric: Metric, ...row: readonly string[]): number | undefined {
  return places.get(fieldOf(metric, row, metric.type === 'histogram' ? bucketsOf(metric)[0] : undefined));
}
