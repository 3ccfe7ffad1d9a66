// Gathers the figures of all rounds, and makes one line of each way: the medians.
import type { CompareRun, PageProfile, RunFigures, Way } from '../ways.ts';

export interface WayRounds {
  readonly way: Way;
  readonly rounds: readonly RunFigures[];
}

/** Throws if there is no round. */
export function runOf({ way, rounds }: WayRounds): CompareRun {
  const median = (of: (figures: RunFigures) => number) => medianOf(rounds.map(of));
  const speeds = rounds.map(({ pagesPerSecond }) => pagesPerSecond);
  const pagesPerSecond = medianOf(speeds);
  const errors: Record<string, number> = {};
  for (const round of rounds)
    for (const [code, times] of Object.entries(round.errors)) errors[code] = (errors[code] ?? 0) + times;
  return {
    ...way,
    rounds: rounds.length,
    pages: rounds.reduce((sum, { pages }) => sum + pages, 0),
    pagesPerSecond,
    latencyMs: {
      p50: median(({ latencyMs }) => latencyMs.p50),
      p95: median(({ latencyMs }) => latencyMs.p95),
      p99: median(({ latencyMs }) => latencyMs.p99),
    },
    cpuPer1000: median(({ cpuPer1000 }) => cpuPer1000),
    // Threads of a later way with more of them are still there in later rounds.
    peakBytes: Math.min(...rounds.map(({ peakBytes }) => peakBytes)),
    loopDelayP99Ms: median(({ loopDelayP99Ms }) => loopDelayP99Ms),
    errors,
    errorTexts: Object.assign({}, ...rounds.map((round) => round.errorTexts)),
    attainable: median(({ attainable }) => attainable),
    isCpuBound: 2 * rounds.filter(({ isCpuBound }) => isCpuBound).length > rounds.length,
    spread: pagesPerSecond > 0 ? (Math.max(...speeds) - Math.min(...speeds)) / (2 * pagesPerSecond) : 0,
  };
}

/** The medians of the profiles of all rounds; null when no run had one. */
export function profileOfRounds(all: readonly WayRounds[]): PageProfile | null {
  const found = all.flatMap(({ rounds }) => rounds.flatMap(({ profile }) => profile ?? []));
  if (found.length === 0) return null;
  const median = (of: (profile: PageProfile) => number) => medianOf(found.map(of));
  return {
    pages: found.reduce((sum, { pages }) => sum + pages, 0),
    fetchMs: median(({ fetchMs }) => fetchMs),
    fetchCpuMs: median(({ fetchCpuMs }) => fetchCpuMs),
    handlerMs: median(({ handlerMs }) => handlerMs),
    handlerCpuMs: median(({ handlerCpuMs }) => handlerCpuMs),
    handlerBlockedMs: median(({ handlerBlockedMs }) => handlerBlockedMs),
  };
}

/** The lower of the two in the middle of an even number. 0 for none. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
