// Reads a server's own log and says how politely it was asked: what drover claims of itself is no evidence. Pure functions.
import type { LogEntry } from './site/site.ts';

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

/** What a host is to see at most, over the whole fleet. */
export interface AuditedLimits {
  /** Requests in flight. */
  concurrency: number;
  /** From one start to the next; 0 for none. */
  delayMs: number;
  /** Starts in any `durationMs`: both are given, or neither. */
  max?: number;
  durationMs?: number;
}

/** A pause, and the answer that asked for it. */
export interface ToldPause extends Pause {
  told: LogEntry;
}

/** One start that came too early for one of its host's limits. */
export interface Violation {
  kind: 'concurrency' | 'delay' | 'rate' | 'pause';
  /** The request that started too early. */
  later: LogEntry;
  /**
   * Of whom it came too early: the request whose end would have made room for it (concurrency), the one before it (delay), the one so many
   * starts before it (rate), the answer that asked for the pause.
   */
  earlier: LogEntry;
  /** By how much. */
  earlyMs: number;
}

/**
 * From the moment in which a server has sent its 429, the whole fleet is to know of it within this time: the consumer has to read the answer
 * and to tell Redis, and Redis to tell the others; what they had handed to the kernel by then is on its way. Starts in this time are no
 * violations of the pause. On a machine that has more to do than it can, the news waits for its turn as well.
 */
export const PAUSE_NEWS_MS = 25;

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

/** The pauses that a host asked for by its answers of 429, each with the same Retry-After. */
export function pausesTold(
  entries: readonly LogEntry[],
  retryAfterMs: number,
  newsMs = PAUSE_NEWS_MS,
): ToldPause[] {
  return entries
    .filter(({ status }) => status === 429)
    .map((told) => ({ told, fromMs: told.end + newsMs, untilMs: told.end + retryAfterMs }));
}

/**
 * Every start at one host that came too early for its limits, robots.txt and the redirects to it included; each start once for each kind.
 * `toleranceMs` is what the server's clock may err: a start is stamped when the server gets to it, so that it may seem closer to the next,
 * or later after a 429, than it was; by more only where the server knows that it was held up (`lateMs`). What is in flight is exact, since a slot is its consumer's
 * until the answer has come; but for clients that went away (499), of which the server may learn that much later than the fleet.
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

/** Starts that came while all slots were taken, each with the request that had to end first. */
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

/** Starts in the pause, those left out that may have come before it. */
function startsIn(inOrder: readonly LogEntry[], pause: ToldPause): Violation[] {
  const { told: earlier, fromMs, untilMs } = pause;
  const starts = startsDuring(inOrder, [pause]).filter(({ start, lateMs = 0 }) => start - lateMs > fromMs);
  return starts.map((later) => ({ kind: 'pause', later, earlier, earlyMs: untilMs - later.start }));
}

/** Each start with the one so many starts before it, and how much closer it came than it should. */
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
 * The least time in which the limits allow these requests of one host, from the first start to the last end: what a client would need that
 * loses no time. Each request takes as long as it took the server; each 429 stops, until its Retry-After has passed, the starts of those that
 * did not start before it was known; a rate is spent evenly, one start each durationMs / max. Compared with the time that they did take, it is the share of the allowed throughput.
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
      pauses.push({ fromMs: ended, untilMs: ended + retryAfterMs, knownMs: end + PAUSE_NEWS_MS });
  }
  return last;
}

function afterPauses(at: number, pauses: readonly Pause[]): number {
  const pause = pauses.find(({ fromMs, untilMs }) => at >= fromMs && at < untilMs);
  return pause ? afterPauses(pause.untilMs, pauses) : at;
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
