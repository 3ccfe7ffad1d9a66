// What a server's log says of how its hosts were treated: within their limits or not, and how much of what these allow was used.
import { LEASE_MS } from '../../src/politeness/slot.ts';
import {
  leastMs,
  mostInFlight,
  mostStartsIn,
  PAUSE_NEWS_MS,
  pausesTold,
  smallestGapMs,
  startsDuring,
  type ToldPause,
  type Violation,
  violationsOf,
} from '../../test/support/auditor.ts';
import type { LogEntry } from '../../test/support/site/site.ts';
import { addressOf, type PoliteHost } from './hosts.ts';

/** By which the server's clock may err: two cores serve it, Redis and three consumers, so that a start is now and then stamped late. */
export const TOLERANCE_MS = 5;

/** What a host without a rate is shown by. */
const WINDOW_MS = 1000;

export interface HostFigures {
  address: string;
  host: PoliteHost;
  requests: number;
  mostInFlight: number;
  smallestGapMs: number;
  /** In any window of its rate's durationMs (else of a second), less the tolerance. */
  mostStarts: number;
  pauses: number;
  startsInPauses: number;
  seconds: number;
  perSecond: number;
  /**
   * Of the throughput that its limits allow: leastMs (see auditor.ts) of its requests, divided by the time from its first start to the end of
   * its last. leastMs spends min(concurrency / latency, 1 / delay, rate) without a gap, with the server's own time for each request, and
   * stands still from each 429 until its Retry-After has passed, so that pauses cost no share.
   */
  share: number;
  /**
   * The same without the time after each kill in which slots may still be the dead consumer's: the log falls into the stretches between, the
   * least times of all stretches are divided by their lengths, and what started after a kill, within the lease of a slot, is left out.
   */
  shareBesideKills: number;
  violations: Violation[];
}

export interface Circumstances {
  /** When consumers were killed: milliseconds since 1970. */
  kills: readonly number[];
  /** Instead of PAUSE_NEWS_MS. */
  newsMs?: number;
}

/** The figures of each host, of each of which the log must hold requests. */
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
  { kills, newsMs = PAUSE_NEWS_MS }: Circumstances,
): HostFigures {
  const retryAfterMs = (host.refuses?.retryAfterSeconds ?? 0) * 1000;
  const pauses = pausesTold(entries, retryAfterMs, newsMs).filter((pause) => wasHeard(pause, kills));
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

/** A 429 whose reader was killed before it could tell anybody pauses nothing: which of the consumers read it, the log does not say. */
function wasHeard({ told, fromMs }: ToldPause, kills: readonly number[]): boolean {
  return !kills.some((at) => at >= told.end - TOLERANCE_MS && at <= fromMs);
}

/** The entries before the first kill, and those from the end of the lease after each kill to the next. */
function stretchesOf(entries: readonly LogEntry[], kills: readonly number[]): LogEntry[][] {
  const begins = [Number.NEGATIVE_INFINITY, ...kills.map((at) => at + LEASE_MS)];
  const stretches = begins.map((from, index) => {
    const to = kills[index] ?? Number.POSITIVE_INFINITY;
    return entries.filter(({ start }) => start >= from && start < to);
  });
  return stretches.filter((stretch) => stretch.length > 0);
}

function lengthMs(entries: readonly LogEntry[]): number {
  const first = entries.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  return entries.reduce((most, { end }) => Math.max(most, end), 0) - first;
}

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
