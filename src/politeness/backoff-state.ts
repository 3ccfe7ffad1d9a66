// What the fleet knows about a host from its answers, and how Redis keeps it: as fields of the hash NS:k:KEY.

/**
 * Why a host is paused. named: an answer said when to come again. quota: its quota is used up. refuses: it
 * answered 429 without a time. operator: an operator paused it.
 */
export type PauseWhy = 'named' | 'quota' | 'refuses' | 'operator';
export type PaceWhy = 'failures' | 'latency';

/**
 * What the fleet knows about a host. Times are in milliseconds since 1970 by the clock of Redis, 0 for never.
 * Durations are in milliseconds.
 */
export interface HostBackoff {
  pauseUntil: number;
  pauseWhy: PauseWhy | '';
  pauseSince: number;
  /** When the host first refused, with no good answer since. */
  refusedSince: number;
  /** How many refusals in a row named no time. Each one after the first has doubled the pause. */
  refusals: number;
  /**
   * When the last refusal was heard. Refusals of requests that were already on their way then count as the
   * same one.
   */
  refusedAt: number;
  /** Recent answers: all, failures, refusals. */
  answers: number;
  failures: number;
  refused: number;
  heardAt: number;
  /** Recent answers and the time in which they came, for the mean time between two answers. */
  gapAnswers: number;
  gapMs: number;
  /** The least latency lately, and the usual one; 0 while not known. */
  latency: number;
  usualLatency: number;
  /**
   * The least time between two starts, 0 for none. Then: why, since when, when it last changed, and the share
   * of failures at that time.
   */
  pace: number;
  paceWhy: PaceWhy | '';
  paceSince: number;
  pacedAt: number;
  paceShare: number;
  /** The least time between two starts by what is left of the quota; until when and since when. */
  quota: number;
  quotaUntil: number;
  quotaSince: number;
}

/**
 * The fields in Redis, in the order of `HostBackoff`. lua/gate/read-gate.lua reads pause, pace, hint,
 * hintUntil and lat under these names.
 */
const FIELDS: Record<keyof HostBackoff, string> = {
  ...{ pauseUntil: 'pause', pauseWhy: 'pauseWhy', pauseSince: 'pauseSince', refusedSince: 'refusedSince' },
  ...{ refusals: 'refusals', refusedAt: 'refusedAt' },
  ...{ answers: 'answers', failures: 'failures', refused: 'refused', heardAt: 'heardAt' },
  ...{ gapAnswers: 'gapAnswers', gapMs: 'gapMs', latency: 'lat', usualLatency: 'base' },
  ...{ pace: 'pace', paceWhy: 'paceWhy', paceSince: 'paceSince', pacedAt: 'pacedAt', paceShare: 'paceShare' },
  ...{ quota: 'hint', quotaUntil: 'hintUntil', quotaSince: 'hintSince' },
};

const entries = Object.entries(FIELDS) as [keyof HostBackoff, string][];
export const FIELD_NAMES: readonly string[] = entries.map(([, field]) => field);

/** `values`: those of FIELD_NAMES, null for a missing field. */
export function stateOf(values: readonly (string | null)[]): HostBackoff {
  const pairs = entries.map(([name], index) => {
    const value = values[index] ?? '';
    return [name, name === 'pauseWhy' || name === 'paceWhy' ? value : Number(value)];
  });
  return Object.fromEntries(pairs) as HostBackoff;
}

/** The changed fields, each with its new value, rounded to a thousandth. */
export function changesOf(before: HostBackoff, after: HostBackoff): string[] {
  return entries.flatMap(([name, field]) => {
    if (before[name] === after[name]) return [];
    const value = after[name];
    return [field, typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : value];
  });
}
