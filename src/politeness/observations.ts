// What this process has seen of a host and not yet told the fleet.
import type { Signal } from './answer-signal.ts';
import { type Observation, type Refusal, telling } from './backoff.ts';

/**
 * For how long a host is paused from now on, and for how long it has refused without a good answer; in
 * milliseconds.
 */
export interface PauseState {
  pausedMs: number;
  refusedForMs: number;
}

/** What was seen of a key since the last report. Times by performance.now(). */
export interface Pending extends Omit<Observation, 'goodAgeMs' | 'refusals'> {
  goodStartedAt: number | null;
  refusals: (Omit<Refusal, 'ageMs'> & { startedAt: number })[];
  sinceMs: number;
  timed: boolean;
  waiters: { resolve(state: PauseState): void; reject(error: unknown): void }[];
}

export function newPending(timed: boolean): Pending {
  return {
    ...{ good: 0, failures: 0, retried: 0, leastLatencyMs: null, goodStartedAt: null },
    ...{ refusals: [], quota: null, sinceMs: performance.now(), timed, waiters: [] },
  };
}

export function isWorthTelling(seen: Pending, now: number): boolean {
  const { good, failures, retried, refusals, quota } = seen;
  const isOld = seen.timed && now - seen.sinceMs > telling.oldMs;
  return failures + retried + refusals.length > 0 || quota !== null || good >= telling.enoughAnswers || isOld;
}

/** Whether what is not worth telling is forgotten; sooner while there are very many keys. */
export function isForgotten({ sinceMs }: Pending, now: number, isCrowded: boolean): boolean {
  return now - sinceMs > (isCrowded ? telling.oldMs : telling.keptMs);
}

/** Times by performance.now(). */
export function addSignal(
  seen: Pending,
  kind: Signal['kind'],
  { startedAt, latencyMs }: { startedAt: number; latencyMs: number | null },
): void {
  if (kind === 'failure') seen.failures++;
  if (kind === 'retried') seen.retried++;
  if (kind !== 'good') return;
  seen.good++;
  seen.goodStartedAt = Math.max(seen.goodStartedAt ?? Number.NEGATIVE_INFINITY, startedAt);
  if (latencyMs !== null) seen.leastLatencyMs = Math.min(seen.leastLatencyMs ?? latencyMs, latencyMs);
}

export function observationOf({ goodStartedAt, refusals, ...seen }: Pending): Observation {
  const now = performance.now();
  return {
    ...seen,
    goodAgeMs: goodStartedAt === null ? null : now - goodStartedAt,
    refusals: refusals.map(({ startedAt, ...refusal }) => ({ ...refusal, ageMs: now - startedAt })),
  };
}
