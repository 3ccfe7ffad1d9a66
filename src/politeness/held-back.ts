// Says in words why a host is asked less often than its limits allow, since when, and what would change that.
import type { PaceWhy, PauseWhy } from './backoff-state.ts';

/** One reason why a host is paused or slowed now. */
export interface Hold {
  kind: 'paused' | 'slowed';
  /** Of a pause: named, quota, refuses, operator. Of a slower pace: failures, latency, quota, crawl-delay. */
  why: PauseWhy | PaceWhy | 'crawl-delay';
  /** ISO 8601; null when not known. */
  since: string | null;
  /** When it ends by itself; null when that depends on the host or on somebody. */
  until: string | null;
  /** The least time between two starts, in milliseconds; null for a pause. */
  intervalMs: number | null;
  /** The reason, as half a sentence. */
  reason: string;
  /** What would change it, as half a sentence. */
  change: string;
}

/**
 * "slowed to one start each 640 ms since 12:00:01: 35 % of its last answers were failures". `show` formats a
 * time for the reader.
 */
export function phraseOf(
  { kind, since, until, intervalMs, reason }: Hold,
  show: (iso: string) => string,
): string {
  const how = kind === 'paused' ? 'paused' : `slowed to one start each ${intervalOf(intervalMs ?? 0)}`;
  const from = since === null ? '' : ` since ${show(since)}`;
  const to = until === null ? '' : ` until ${show(until)}`;
  return `${how}${from}${to}: ${reason}`;
}

const intervalOf = (ms: number) =>
  ms < 1000 ? `${Math.ceil(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;

/** Times in milliseconds since 1970 by the clock of Redis, null or 0 when there is none. */
export interface HoldFacts {
  key: string;
  now: number;
  pauseUntil: number;
  pauseWhy: PauseWhy | '';
  pauseSince: number | null;
  refusals: number;
  paceMs: number | null;
  paceWhy: PaceWhy | '';
  paceSince: number | null;
  paceShare: number | null;
  latencyMs: number | null;
  usualLatencyMs: number | null;
  quotaMs: number | null;
  quotaUntil: number | null;
  quotaSince: number | null;
  crawlDelayMs: number | null;
  crawlDelaySince: number | null;
}

/** A pause longer than this has no end of its own: it lasts until somebody ends it. */
const FOR_GOOD_MS = 365 * 86_400_000;

export function holdsOf(facts: HoldFacts): Hold[] {
  return [pauseOf(facts), paceOf(facts), quotaOf(facts), crawlDelayOf(facts)].filter((hold) => hold !== null);
}

function pauseOf({ key, now, pauseUntil, pauseWhy, pauseSince, refusals }: HoldFacts): Hold | null {
  if (pauseUntil <= now) return null;
  const reasons: Record<PauseWhy, string> = {
    named: 'it said when to come again (Retry-After)',
    quota: 'its quota is used up',
    refuses: `it refuses (429) without naming a time${refusals > 1 ? `, ${refusals} times in a row` : ''}`,
    operator: 'by hand',
  };
  const why = pauseWhy === '' ? 'named' : pauseWhy;
  const resume = `drover hosts resume ${key}`;
  return {
    ...{ kind: 'paused', why, since: isoOf(pauseSince), intervalMs: null, reason: reasons[why] },
    until: pauseUntil - now > FOR_GOOD_MS ? null : isoOf(pauseUntil),
    change: why === 'operator' ? resume : `wait, or ${resume}`,
  };
}

function paceOf({ key, paceMs, paceWhy, paceSince, ...facts }: HoldFacts): Hold | null {
  if (paceMs === null || paceWhy === '') return null;
  const { paceShare, latencyMs, usualLatencyMs } = facts;
  const reasons: Record<PaceWhy, string> = {
    failures: `${Math.round((paceShare ?? 0) * 100)} % of its last answers were failures`,
    latency: `it answers in ${Math.round(latencyMs ?? 0)} ms, usually in ${Math.round(usualLatencyMs ?? 0)} ms`,
  };
  return {
    ...{ kind: 'slowed', why: paceWhy, since: isoOf(paceSince), until: null, intervalMs: paceMs },
    reason: reasons[paceWhy],
    change: `wait until the host is well again, or drover hosts resume ${key}; with --no-adaptive a crawl does not do this`,
  };
}

function quotaOf({ quotaMs, quotaUntil, quotaSince }: HoldFacts): Hold | null {
  if (quotaMs === null) return null;
  return {
    ...{
      kind: 'slowed',
      why: 'quota',
      since: isoOf(quotaSince),
      until: isoOf(quotaUntil),
      intervalMs: quotaMs,
    },
    ...{ reason: 'little of its quota is left', change: 'wait for the next window of its quota' },
  };
}

function crawlDelayOf({ crawlDelayMs, crawlDelaySince }: HoldFacts): Hold | null {
  if (crawlDelayMs === null) return null;
  return {
    ...{ kind: 'slowed', why: 'crawl-delay', since: isoOf(crawlDelaySince), until: null },
    ...{ intervalMs: crawlDelayMs, reason: 'its robots.txt asks for a Crawl-delay' },
    change: '--max-crawl-delay limits it',
  };
}

function isoOf(ms: number | null): string | null {
  return ms ? new Date(ms).toISOString() : null;
}
