// What the fleet knows of a host from its answers, and how Redis keeps it: fields of the hash NS:k:KEY.

/** named: an answer said when to come again; quota: its requests are used up; refuses: 429 without a time. */
export type PauseWhy = 'named' | 'quota' | 'refuses' | 'operator';
export type PaceWhy = 'failures' | 'latency';

/** What the fleet knows of a host. Times in milliseconds since 1970 by Redis' clock, 0 for never; durations in milliseconds. */
export interface HostBackoff {
  pauseUntil: number;
  pauseWhy: PauseWhy | '';
  pauseSince: number;
  /** When it first refused without a good answer since. */
  refusedSince: number;
  /** Refusals without a time in a row: how often the pause has been doubled, and one. */
  refusals: number;
  /** When the last refusal was heard: those of requests that were on their way by then count as one. */
  refusedAt: number;
  /** Of the recent answers: all, failures, refusals. */
  answers: number;
  failures: number;
  refused: number;
  heardAt: number;
  /** Answers of late, and in how much time they came. */
  gapAnswers: number;
  gapMs: number;
  /** Least latency lately and what is usual; 0 as long as neither is known. */
  latency: number;
  usualLatency: number;
  /** Least time between two starts, 0 for none; why, since when, when it last changed, the share of failures then. */
  pace: number;
  paceWhy: PaceWhy | '';
  paceSince: number;
  pacedAt: number;
  paceShare: number;
  /** Least time between two starts by what is left of its quota, until when, since when. */
  quota: number;
  quotaUntil: number;
  quotaSince: number;
}

/** Of a host of which nothing is known. */
export const UNKNOWN_HOST: Readonly<HostBackoff> = Object.freeze({
  ...{ pauseUntil: 0, pauseWhy: '', pauseSince: 0, refusedSince: 0, refusals: 0, refusedAt: 0 },
  ...{ answers: 0, failures: 0, refused: 0, heardAt: 0, gapAnswers: 0, gapMs: 0 },
  ...{ latency: 0, usualLatency: 0, pace: 0, paceWhy: '', paceSince: 0, pacedAt: 0, paceShare: 0 },
  ...{ quota: 0, quotaUntil: 0, quotaSince: 0 },
} as const);

/** The fields in Redis, in the order of `HostBackoff`; lua/gate.lua reads pause, pace, hint, hintUntil and lat under these names. */
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

/** `values`: those of FIELD_NAMES, null where there is none. */
export function stateOf(values: readonly (string | null)[]): HostBackoff {
  const pairs = entries.map(([name], index) => {
    const value = values[index] ?? '';
    return [name, name === 'pauseWhy' || name === 'paceWhy' ? value : Number(value)];
  });
  return Object.fromEntries(pairs) as HostBackoff;
}

/** The fields that changed, each with its new value; a thousandth is exact enough. */
export function changesOf(before: HostBackoff, after: HostBackoff): string[] {
  return entries.flatMap(([name, field]) => {
    if (before[name] === after[name]) return [];
    const value = after[name];
    return [field, typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : value];
  });
}
