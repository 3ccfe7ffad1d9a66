// Figures from a server's log: whether the limits of its hosts were kept, and how much of the allowed
// throughput was used.
import { LEASE_MS } from '../../src/politeness/slot.ts';
import {
  leastMs,
  mostInFlight,
  mostStartsIn,
  PAUSE_KNOWN_AFTER_MS,
  pausesTold,
  smallestGapMs,
  startsDuring,
  type ToldPause,
  type Violation,
  violationsOf,
} from '../../test/support/politeness/auditor.ts';
import type { LogEntry } from '../../test/support/site/site.ts';
import { addressOf, type PoliteHost } from './hosts.ts';

/**
 * The error of the server's clock. The server, Redis and three consumers share two cores, so that the time of
 * a start is sometimes noted too late.
 */
export const TOLERANCE_MS = 5;

/** The window in which starts are counted for a host without a rate. */
const WINDOW_MS = 1000;

export interface HostFigures {
  address: string;
  host: PoliteHost;
  requests: number;
  mostInFlight: number;
  smallestGapMs: number;
  /** The most starts in any window of the rate's durationMs (or of WINDOW_MS) minus the tolerance. */
  mostStarts: number;
  pauses: number;
  startsInPauses: number;
  seconds: number;
  perSecond: number;
  /**
   * The share of the throughput that the limits allow: leastMs (see auditor.ts) of the requests, divided by
   * the time from the first start to the end of the last request. leastMs uses min(concurrency / latency, 1 /
   * delay, rate) without gaps, with the server's own time for each request. It stops from each 429 until its
   * Retry-After has passed, so that pauses do not lower the share.
   */
  share: number;
  /**
   * The same share without the time after each kill in which the killed consumer may still hold slots.
   * Requests that started after a kill within the lease of a slot are left out. This splits the log into
   * stretches; the sum of their leastMs is divided by the sum of their lengths.
   */
  shareBesideKills: number;
  violations: Violation[];
}

/** A consumer's end, in milliseconds since 1970. Until it is gone, its sockets may take answers. */
export interface Kill {
  /** When SIGKILL was sent. */
  at: number;
  /** When the process was seen to have ended. */
  goneAt: number;
}

export interface Circumstances {
  kills: readonly Kill[];
  /** Replaces PAUSE_KNOWN_AFTER_MS. */
  knownAfterMs?: number;
}

/** The figures of each host. The log must have requests of each of them. */
export function figuresOf(
  log: readonly LogEntry[],
  hosts: readonly PoliteHost[],
  circumstances: Circumstances,
): HostFigures[] {
  const entriesOf = Map.groupBy(log, ({ host }) => host.replace(/:\d+$/, ''));
  return hosts.map((host, index) => {
    const address = addressOf(index);
    return figuresOfHost(address, host, entriesOf.get(address) ?? [], circumstances);
  });
}

function figuresOfHost(
  address: string,
  host: PoliteHost,
  entries: readonly LogEntry[],
  { kills, knownAfterMs = PAUSE_KNOWN_AFTER_MS }: Circumstances,
): HostFigures {
  const retryAfterMs = (host.refuses?.retryAfterSeconds ?? 0) * 1000;
  const pauses = pausesTold(entries, retryAfterMs, knownAfterMs).filter((pause) => wasHeard(pause, kills));
  const stretches = stretchesOf(entries, kills);
  const least = (some: readonly LogEntry[]) => leastMs(some, host, retryAfterMs);
  const seconds = lengthMs(entries) / 1000;
  return {
    address,
    host,
    requests: entries.length,
    mostInFlight: mostInFlight(entries),
    smallestGapMs: smallestGapMs(entries),
    mostStarts: mostStartsIn(entries, (host.durationMs ?? WINDOW_MS) - TOLERANCE_MS),
    pauses: pauses.length,
    startsInPauses: startsDuring(entries, pauses).length,
    seconds,
    perSecond: entries.length / seconds,
    share: least(entries) / lengthMs(entries),
    shareBesideKills: sum(stretches.map(least)) / sum(stretches.map(lengthMs)),
    violations: violationsOf(entries, host, pauses, TOLERANCE_MS),
  };
}

/**
 * Whether the fleet can have learnt of a pause. A consumer that was killed right after it got a 429 could not
 * report it, and neither could one that was already killed but not yet gone. The log does not say which
 * consumer got the answer, so any kill in that time counts.
 */
function wasHeard({ told, fromMs }: ToldPause, kills: readonly Kill[]): boolean {
  return !kills.some(({ at, goneAt }) => goneAt >= told.end - TOLERANCE_MS && at <= fromMs);
}

/** The entries before the first kill, and those from the end of the lease after each kill to the next. */
function stretchesOf(entries: readonly LogEntry[], kills: readonly Kill[]): LogEntry[][] {
  const begins = [Number.NEGATIVE_INFINITY, ...kills.map(({ at }) => at + LEASE_MS)];
  const stretches = begins.map((from, index) => {
    const to = kills[index]?.at ?? Number.POSITIVE_INFINITY;
    return entries.filter(({ start }) => start >= from && start < to);
  });
  return stretches.filter((stretch) => stretch.length > 0);
}

function lengthMs(entries: readonly LogEntry[]): number {
  const first = entries.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  return entries.reduce((most, { end }) => Math.max(most, end), 0) - first;
}

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
