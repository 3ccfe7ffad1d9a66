// Reads a server's log and finds violations of its limits. The log is the evidence, not what drover says
// about itself. These functions are pure.
import type { LogEntry } from '../site/site.ts';

export interface Audit {
  requests: number;
  /** The most requests in flight at one time. A request that ends when another starts does not overlap it. */
  mostInFlight: number;
  /** The smallest time from one start to the next. Infinity for fewer than two requests. */
  smallestGapMs: number;
}

/** A time in which no request may start at a host. Milliseconds since 1970. */
export interface Pause {
  /** When the client knows of the pause, for example the end of the answer that asked for it. */
  fromMs: number;
  untilMs: number;
}

/** The limits of a host, for the whole fleet. */
export interface AuditedLimits {
  /** The most requests in flight. */
  concurrency: number;
  /** The least time from one start to the next; 0 for no limit. */
  delayMs: number;
  /** The most starts in any time of `durationMs`. Either both are given or none. */
  max?: number;
  durationMs?: number;
}

/** A pause with the answer that asked for it (`told`). */
export interface ToldPause extends Pause {
  told: LogEntry;
}

/** One start that came too early for one of its host's limits. */
export interface Violation {
  kind: 'concurrency' | 'delay' | 'rate' | 'pause';
  /** The request that started too early. */
  later: LogEntry;
  /**
   * The request for which it should have waited. concurrency: the request whose end would have made room.
   * delay: the one before it. rate: the one `max` starts before it. pause: the one whose answer asked for the
   * pause.
   */
  earlier: LogEntry;
  /** By how many milliseconds it came too early. */
  earlyMs: number;
}

/**
 * The time that the fleet has to learn of a 429. In this time, a consumer reads the answer and writes the
 * pause to Redis, and Redis tells the other consumers; requests that they have given to the kernel cannot be
 * stopped. Starts in this time do not violate the pause. On a busy machine, it may take longer.
 */
export const PAUSE_KNOWN_AFTER_MS = 25;

/** The entries of a log by Host header. */
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

/** The most of these requests that were in flight at one time, whatever their hosts. */
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

/** The smallest time from one start to the next, in milliseconds. Infinity for fewer than two requests. */
export function smallestGapMs(entries: readonly LogEntry[]): number {
  const starts = startsOf(entries);
  return starts.reduce(
    (least, start, k) => Math.min(least, start - (starts[k - 1] ?? Number.NEGATIVE_INFINITY)),
    Number.POSITIVE_INFINITY,
  );
}

/** The most starts in any window [t, t + windowMs). */
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

/** The requests that started during one of the pauses. The two ends of a pause are not part of it. */
export function startsDuring(entries: readonly LogEntry[], pauses: readonly Pause[]): LogEntry[] {
  return entries.filter(({ start }) =>
    pauses.some(({ fromMs, untilMs }) => start > fromMs && start < untilMs),
  );
}

/** The pauses that a host asked for with its 429 answers. Each has the same Retry-After. */
export function pausesTold(
  entries: readonly LogEntry[],
  retryAfterMs: number,
  knownAfterMs = PAUSE_KNOWN_AFTER_MS,
): ToldPause[] {
  return entries
    .filter(({ status }) => status === 429)
    .map((told) => ({ told, fromMs: told.end + knownAfterMs, untilMs: told.end + retryAfterMs }));
}

/**
 * All starts at one host that came too early for its limits, including robots.txt and redirects to the host.
 * A start may be listed once for each kind of limit.
 *
 * `toleranceMs` is the error of the server's clock. A start is noted when the server reads it, so it may seem
 * closer to the next start, or later after a 429, than it was. The error may be larger if the server knows
 * that it was busy (`lateMs`). Concurrency needs no tolerance, because a consumer holds its slot until the
 * answer has come. The exception is a client that went away (499): the server may learn of that later than
 * the fleet, by the tolerance.
 */
export function violationsOf(
  entries: readonly LogEntry[],
  limits: AuditedLimits,
  pauses: readonly ToldPause[],
  toleranceMs: number,
): Violation[] {
  const inOrder = entries.toSorted((a, b) => a.start - b.start);
  const { concurrency, delayMs, max = 0, durationMs = 0 } = limits;
  const early = [
    ...overlaps(inOrder, concurrency, toleranceMs),
    ...tooClose(inOrder, 'delay', 1, delayMs),
    ...(max > 0 ? tooClose(inOrder, 'rate', max, durationMs) : []),
    ...pauses.flatMap((pause) => startsIn(inOrder, pause)),
  ];
  return early.filter(({ kind, earlier, earlyMs }) => {
    return earlyMs > (kind === 'concurrency' ? 0 : Math.max(toleranceMs, earlier.lateMs ?? 0));
  });
}

/** The starts that came while all slots were taken, each with the request that should have ended first. */
function overlaps(inOrder: readonly LogEntry[], concurrency: number, toleranceMs: number): Violation[] {
  const freeAt = ({ end, status }: LogEntry) => (status === 499 ? end - toleranceMs : end);
  let inFlight: LogEntry[] = [];
  return inOrder.flatMap((later) => {
    inFlight = inFlight.filter((entry) => freeAt(entry) > later.start);
    const earlier = inFlight.toSorted((a, b) => freeAt(a) - freeAt(b))[inFlight.length - concurrency];
    inFlight.push(later);
    return earlier
      ? [{ kind: 'concurrency', later, earlier, earlyMs: freeAt(earlier) - later.start } as const]
      : [];
  });
}

/** The starts during the pause, without those that may have come before it. */
function startsIn(inOrder: readonly LogEntry[], pause: ToldPause): Violation[] {
  const { told: earlier, fromMs, untilMs } = pause;
  const starts = startsDuring(inOrder, [pause]).filter(({ start, lateMs = 0 }) => start - lateMs > fromMs);
  return starts.map((later) => ({ kind: 'pause', later, earlier, earlyMs: untilMs - later.start }));
}

/** Each start with the one `startsBefore` before it, and by how much the two are closer than `leastMs`. */
function tooClose(
  inOrder: readonly LogEntry[],
  kind: 'delay' | 'rate',
  startsBefore: number,
  leastMs: number,
): Violation[] {
  return inOrder.slice(startsBefore).flatMap((later, index) => {
    const earlier = inOrder[index];
    return earlier ? [{ kind, later, earlier, earlyMs: leastMs - (later.start - earlier.start) }] : [];
  });
}

/**
 * The least time in which the limits allow these requests of one host, from the first start to the last end:
 * the time of a client that loses none. Divided by the time that they really took, it is the used share of
 * the allowed throughput. Each request takes as long as it took the server. After each 429, no request starts
 * until its Retry-After has passed, except those that started before it was known. A rate is used evenly,
 * with one start each durationMs / max.
 */
export function leastMs(entries: readonly LogEntry[], limits: AuditedLimits, retryAfterMs: number): number {
  const { concurrency, delayMs, max = 0, durationMs = 0 } = limits;
  const spacing = Math.max(delayMs, max > 0 ? durationMs / max : 0);
  const slots: number[] = Array(concurrency).fill(0);
  const pauses: (Pause & { knownMs: number })[] = [];
  let at = -spacing;
  let last = 0;
  for (const { start, end, status } of entries.toSorted((a, b) => a.start - b.start)) {
    const slot = slots.indexOf(Math.min(...slots));
    const known = pauses.filter(({ knownMs }) => start > knownMs);
    at = afterPauses(Math.max(at + spacing, slots[slot] ?? 0), known);
    const ended = at + end - start;
    slots[slot] = ended;
    last = Math.max(last, ended);
    if (status === 429)
      pauses.push({ fromMs: ended, untilMs: ended + retryAfterMs, knownMs: end + PAUSE_KNOWN_AFTER_MS });
  }
  return last;
}

function afterPauses(at: number, pauses: readonly Pause[]): number {
  const pause = pauses.find(({ fromMs, untilMs }) => at >= fromMs && at < untilMs);
  return pause ? afterPauses(pause.untilMs, pauses) : at;
}

/** How often each URL (`host/path`) was requested. */
export function timesAsked(entries: readonly LogEntry[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { host, path } of entries) times.set(host + path, (times.get(host + path) ?? 0) + 1);
  return times;
}

/** The URLs that were requested more than once. */
export function askedAgain(entries: readonly LogEntry[]): string[] {
  return [...timesAsked(entries)].filter(([, times]) => times > 1).map(([url]) => url);
}

function startsOf(entries: readonly LogEntry[]): number[] {
  return entries.map(({ start }) => start).sort((a, b) => a - b);
}
