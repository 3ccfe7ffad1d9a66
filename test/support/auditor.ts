// Reads a server's own log and says how politely it was asked: what drover claims of itself is no evidence. Pure functions.
import type { LogEntry } from './site.ts';

export interface Audit {
  requests: number;
  /** Most requests in flight at one time. One that ends at the instant in which another starts does not overlap it. */
  mostInFlight: number;
  /** Smallest time from one start to the next; Infinity for fewer than two requests. */
  smallestGapMs: number;
}

/** A time in which a host is to be left alone. */
export interface Pause {
  /** When the client had learnt of it: the end of the answer that said so, for instance. Milliseconds since 1970. */
  fromMs: number;
  untilMs: number;
}

/** The log taken apart by Host header. */
export function byHost(log: readonly LogEntry[]): Map<string, LogEntry[]> {
  return Map.groupBy(log, ({ host }) => host);
}

/** The audit of each host of a log. */
export function audit(log: readonly LogEntry[]): Map<string, Audit> {
  const audited = [...byHost(log)].map(([host, entries]) => [host, auditHost(entries)] as const);
  return new Map(audited);
}

function auditHost(entries: readonly LogEntry[]): Audit {
  return {
    requests: entries.length,
    mostInFlight: mostInFlight(entries),
    smallestGapMs: smallestGapMs(entries),
  };
}

/** Most of these requests in flight at one time, whatever their hosts. */
export function mostInFlight(entries: readonly LogEntry[]): number {
  const changes = entries.flatMap(({ start, end }) => [
    { at: start, by: 1 },
    { at: end, by: -1 },
  ]);
  changes.sort((a, b) => a.at - b.at || a.by - b.by); // ends before starts of the same instant
  let now = 0;
  let most = 0;
  for (const { by } of changes) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

export function smallestGapMs(entries: readonly LogEntry[]): number {
  const starts = startsOf(entries);
  return starts.reduce(
    (least, start, k) => Math.min(least, start - (starts[k - 1] ?? Number.NEGATIVE_INFINITY)),
    Number.POSITIVE_INFINITY,
  );
}

/** Most starts in any window [t, t + windowMs). */
export function mostStartsIn(entries: readonly LogEntry[], windowMs: number): number {
  const starts = startsOf(entries);
  let most = 0;
  let first = 0;
  for (const [last, start] of starts.entries()) {
    while (start - (starts[first] ?? start) >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Requests that started in one of the pauses; both ends of a pause are outside it. */
export function startsDuring(entries: readonly LogEntry[], pauses: readonly Pause[]): LogEntry[] {
  return entries.filter(({ start }) =>
    pauses.some(({ fromMs, untilMs }) => start > fromMs && start < untilMs),
  );
}

/** How often each URL, `host/path`, was asked for. */
export function timesAsked(entries: readonly LogEntry[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { host, path } of entries) times.set(host + path, (times.get(host + path) ?? 0) + 1);
  return times;
}

/** The URLs that were asked for more than once. */
export function askedAgain(entries: readonly LogEntry[]): string[] {
  return [...timesAsked(entries)].filter(([, times]) => times > 1).map(([url]) => url);
}

function startsOf(entries: readonly LogEntry[]): number[] {
  return entries.map(({ start }) => start).sort((a, b) => a - b);
}
