// A run of compare with the figures that a test names, and good ones for the rest.
import type { CompareRun } from '../../../src/compare/ways.ts';

export type GivenRun = Pick<CompareRun, 'mode' | 'concurrency' | 'pagesPerSecond'> & Partial<CompareRun>;

export function compareRun(given: GivenRun): CompareRun {
  const { mode, concurrency, pagesPerSecond } = given;
  return {
    threads: mode === 'threads' ? concurrency : mode === 'hybrid' ? 2 : 0,
    ...{ rounds: 3, pages: 100, spread: 0, attainable: pagesPerSecond, isCpuBound: false },
    ...{ latencyMs: { p50: 1, p95: 1, p99: 1 }, cpuPer1000: 1, peakBytes: 1, loopDelayP99Ms: 5 },
    ...{ errors: {}, errorTexts: {} },
    ...given,
  };
}
