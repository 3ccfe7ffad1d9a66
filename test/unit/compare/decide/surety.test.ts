// How sure a recommendation is: nothing is said of it before each way that matters had three rounds.
import assert from 'node:assert/strict';
import test from 'node:test';
import { decide } from '../../../../src/compare/decide/decide.ts';
import { runOf } from '../../../../src/compare/decide/rounds.ts';
import { suretyOf } from '../../../../src/compare/decide/surety.ts';
import type { Mode, RunFigures } from '../../../../src/compare/ways.ts';

const rounds = (mode: Mode, ...speeds: number[]) => ({
  way: { mode, concurrency: 10, threads: mode === 'loop' ? 0 : 2 },
  rounds: speeds.map(
    (speed): RunFigures => ({
      ...{ pages: 100, seconds: 1, pagesPerSecond: speed, latencyMs: { p50: 1, p95: 1, p99: 1 } },
      ...{ cpuPer1000: 1, peakBytes: 1, loopDelayP99Ms: 5, errors: {}, errorTexts: {} },
      ...{ attainable: speed, isCpuBound: false, profile: null },
    }),
  ),
});

function surety(...all: ReturnType<typeof rounds>[]): number | null {
  const decision = decide({ runs: all.map(runOf), profile: null, cores: 2 });
  assert.ok(decision);
  return suretyOf(all, decision, 2);
}

test('a recommendation is unsure until it and each mode that comes near it had three rounds', () => {
  assert.equal(surety(rounds('loop', 100), rounds('hybrid', 90)), null);
  assert.equal(surety(rounds('loop', 100, 100), rounds('hybrid', 90, 90)), null);
  assert.equal(surety(rounds('loop', 100, 101, 102), rounds('hybrid', 90, 90)), null, 'the rival is near');
  assert.equal(surety(rounds('loop', 100, 101, 102), rounds('hybrid', 90, 90, 90)), 1);
  assert.equal(surety(rounds('loop', 100, 101, 102), rounds('hybrid', 20)), 1, 'no rival');
});

test('rounds that contradict each other make it less than certain', () => {
  const found = surety(rounds('loop', 100, 60, 110), rounds('hybrid', 90, 120, 40));
  assert.ok(found !== null && found < 0.95, String(found));
});
