// The catalogue of all metrics of a fleet. Every possible series follows from this table, so their number
// does not depend on hosts, crawls, URLs or consumers. A test compares docs/metrics.md with it.
import { type CatalogueEntry, catalogue, type ErrorCode } from './errors.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  /** The values of the labels, one row for each series; one empty row for a metric without labels. */
  readonly series: readonly (readonly string[])[];
  /** Upper bounds of a histogram's buckets in seconds, without +Inf. */
  readonly bounds: readonly number[];
}

/**
 * Codes that an attempt, a refusal, a dead letter or a left-out link may have, each with its layer. All other
 * codes belong to commands and the API.
 */
export const requestErrors = (Object.entries(catalogue) as [ErrorCode, CatalogueEntry][])
  .filter(([, { ends }]) => ends !== null)
  .map(([code, { layer }]) => [layer, code] as const);

/** The label value for whatever has no series of its own. */
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
export const fetchResults = ['answer', 'failed'] as const;
/** Scripts that a consumer runs for its pages, by file name. All others are counted as `other`. */
export const redisScripts = [
  'dispatch',
  'commit',
  'offer',
  'slot',
  'started',
  'renew',
  'pace',
  'heartbeat',
  'deliver-links',
  'ack-links',
] as const;
export const proxyResults = ['worked', 'unreachable', 'login', 'refused', 'slow'] as const;
export const proxyStates = ['working', 'left_out'] as const;
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

/**
 * Counted by consumers and added up in Redis for the whole fleet, so they do not fall when consumers leave.
 */
export const gathered = {
  outcomes: counter(
    'outcomes',
    'Processed jobs by outcome. recorded, refused and dead end a request; done: the request had ended before; trouble: postponed because of a fault on drover’s side, such as a full disk.',
    ['outcome'],
    outcomes,
  ),
  errors: counter(
    'errors',
    'Failed attempts, refusals and recorded answers other than 2xx, by layer and code.',
    ['layer', 'code'],
    requestErrors,
  ),
  responses: counter('responses', 'Answers of servers by class of their status.', ['class'], statusClasses),
  rateLimited: counter(
    'rate_limited',
    'Answers that paused their host and postponed the request: 429, Retry-After, spent quotas.',
  ),
  bytes: counter('body_bytes', 'Bytes of the decoded bodies of requests that ended.'),
  redirects: counter('redirects', 'Redirects followed.'),
  unchanged: counter('unchanged', 'Recorded pages that are as in the former run of their crawl.'),
  robots: counter(
    'robots_fetches',
    'Fetches of robots.txt. later: the host asked to come back later; forbidden: the address guard refused its address.',
    ['result'],
    robotsResults,
  ),
  proxyHops: counter(
    'proxy_hops',
    'Requests sent through a proxy. unreachable, login, refused: the proxy failed; slow: it made no connection in time.',
    ['result'],
    proxyResults,
  ),
  handlerFetches: counter(
    'handler_fetches',
    'Fetches that handlers made besides their pages. failed: they were told an error.',
    ['result'],
    fetchResults,
  ),
  wakes: counter('worker_wakes', 'Workers that were replaced because they took no jobs while jobs waited.'),
  handlerThreadsReplaced: counter(
    'handler_threads_replaced',
    'Threads and child processes of handlers that were ended and replaced: after a time limit, too much memory, an exit or a crash.',
  ),
  tailSkipped: counter(
    'tail_skipped',
    'Lines that the live tail left out, because there were more than 50 in 250 ms.',
  ),
  phases: metric(
    'histogram',
    'request_phase_seconds',
    'Time of each attempt by phase. queue and slot are the waits before the fetch; the network phases are those of the last hop.',
    ['phase'],
    phases,
    phaseBounds,
  ),
  store: metric(
    'histogram',
    'store_write_seconds',
    'Time from handing a record to the store until it is durable.',
    [],
    [[]],
    callBounds,
  ),
  redis: metric(
    'histogram',
    'redis_call_seconds',
    'Time of calls to Redis by script, as the consumer measures it, including delays of its own event loop.',
    ['script'],
    [...redisScripts, OTHER],
    callBounds,
  ),
} as const satisfies Record<string, Metric>;

/** The state at the moment of reading: that of the consumers alive, and that of Redis. */
export const standing = {
  consumers: gauge('consumers', 'Consumers that are alive.'),
  capacity: gauge('capacity', 'Fetches that all consumers together may have in flight.'),
  inFlight: gauge('in_flight', 'Fetches in flight, from their start to the commit of their end.'),
  slotsHeld: gauge('slots_held', 'Slots that consumers hold.'),
  slotsAwaited: gauge('slots_awaited', 'Jobs that wait in a consumer for a slot.'),
  threadsBusy: gauge(
    'handler_threads_busy',
    'Pages that blocking handlers work on, on threads and in child processes.',
  ),
  threadsAwaited: gauge('handler_threads_awaited', 'Pages that wait for a thread of a blocking handler.'),
  eventLoop: gauge(
    'event_loop_delay_seconds',
    'Delay of the event loop in the last second, in the consumer where it was longest.',
    ['statistic'],
    delayStatistics,
  ),
  storeLag: gauge(
    'store_lag_seconds',
    'Age of the oldest record that is not durable yet, in the consumer where it is oldest.',
  ),
  memory: gauge('consumer_memory_bytes', 'Memory of all consumers together.', ['kind'], memoryKinds),
  proxies: gauge(
    'proxies',
    'Proxies of all consumers by state, each counted in every consumer that uses it. left_out: for a while, because it failed.',
    ['state'],
    proxyStates,
  ),
  waiting: gauge('waiting_requests', 'Accepted requests of open crawls that have not ended.'),
  open: gauge('open_requests', 'Waiting requests that are in the queue (dispatched).'),
  frontier: gauge('frontier_requests', 'Waiting requests that are still in the frontier.'),
  crawls: gauge(
    'crawls',
    'Crawls by state, among all active ones and the newest 1,000.',
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
    'Dead letters by code. Beyond 10,000 groups (one code at one host), those without recent letters are counted as code other.',
    ['code'],
    [...requestErrors.map(([, code]) => code), OTHER],
  ),
  redisMemory: gauge('redis_memory_bytes', 'Memory that Redis uses.'),
  redisLimit: gauge('redis_memory_limit_bytes', 'Limit of Redis’ memory (maxmemory); 0 means no limit.'),
} as const satisfies Record<string, Metric>;

export const metrics: readonly Metric[] = [...Object.values(gathered), ...Object.values(standing)];

/** The buckets of a histogram by their bounds, and after them the sum in microseconds. */
const bucketsOf = ({ bounds }: Metric): string[] => [...bounds.map(String), '+Inf', 'sum'];

/** The field names in the fleet's hash of counters. Each value is a whole number. */
export const fields: readonly string[] = Object.values(gathered).flatMap((each: Metric) =>
  each.series.flatMap((row) =>
    each.type === 'histogram'
      ? bucketsOf(each).map((bucket) => fieldOf(each, row, bucket))
      : [fieldOf(each, row)],
  ),
);
const places = new Map(fields.map((field, place) => [field, place]));

/** Field name of a series. `bucket` is used for histograms: a bound, '+Inf' or 'sum'. */
export function fieldOf({ name }: Metric, row: readonly string[], bucket?: string): string {
  return [name, ...row, ...(bucket === undefined ? [] : [bucket])].join(' ');
}

/**
 * The index of a counted series in `fields`. For a histogram it is that of the first bucket; the others
 * follow. Undefined for an unknown series.
 */
export function seriesIndex(metric: Metric, ...row: readonly string[]): number | undefined {
  return places.get(fieldOf(metric, row, metric.type === 'histogram' ? bucketsOf(metric)[0] : undefined));
}
