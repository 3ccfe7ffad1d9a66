// Which ways compare measures: each step of all modes before the next step, and none that has no hope.
import assert from 'node:assert/strict';
import test from 'node:test';
import { mayWin, waysOf } from '../../../src/compare/ranges.ts';
import { nameOfWay, type PageProfile, type Way } from '../../../src/compare/ways.ts';
import { compareRun } from '../../support/compare/run.ts';

const usual = { cores: 2, most: Number.POSITIVE_INFINITY, concurrencies: null, threads: null };
const named = (ways: readonly Way[]) => ways.map(nameOfWay);
const light: PageProfile = {
  ...{ pages: 20, fetchMs: 100, fetchCpuMs: 1, handlerMs: 0.4, handlerCpuMs: 0.4, handlerBlockedMs: 0 },
};
const loop = (concurrency: number): Way => ({ mode: 'loop', concurrency, threads: 0 });

test('one page at a time comes first, then the loop and its rivals step by step', () => {
  assert.deepEqual(named(waysOf({ ...usual, mostThreads: 100 })), [
    ...['loop 1', 'loop 10', 'hybrid 10 × 2 threads', 'threads 8'],
    ...['loop 50', 'hybrid 50 × 2 threads', 'threads 32', 'loop 200', 'hybrid 200 × 2 threads'],
  ]);
});

test('what the hosts allow and the memory holds bounds the steps', () => {
  assert.deepEqual(named(waysOf({ ...usual, most: 12, mostThreads: 9 })), [
    ...['loop 1', 'loop 10', 'hybrid 10 × 2 threads', 'threads 8'],
    ...['loop 12', 'hybrid 12 × 2 threads', 'threads 9'],
  ]);
  assert.deepEqual(named(waysOf({ ...usual, concurrencies: [5], threads: 3, mostThreads: 100 })), [
    ...['loop 1', 'loop 5', 'hybrid 5 × 3 threads', 'threads 5'],
  ]);
});

test('a cold first page rules no step out, and neither does a rival that was measured before', () => {
  const one = compareRun({ mode: 'loop', concurrency: 1, pagesPerSecond: 6 });
  const rival = compareRun({ mode: 'hybrid', concurrency: 50, pagesPerSecond: 460 });
  assert.ok(mayWin(loop(50), { runs: [one, rival], profile: light, cores: 2 }));
  const ten = compareRun({ mode: 'loop', concurrency: 10, pagesPerSecond: 76 });
  assert.ok(mayWin(loop(50), { runs: [one, ten, rival], profile: light, cores: 2 }));
});

test('a step has no hope when the mode has stopped to grow, or its handler holds it for too long', () => {
  const ten = compareRun({ mode: 'loop', concurrency: 10, pagesPerSecond: 18 });
  const fifty = compareRun({ mode: 'loop', concurrency: 50, pagesPerSecond: 19 });
  const rival = compareRun({ mode: 'threads', concurrency: 32, pagesPerSecond: 104 });
  assert.ok(!mayWin(loop(200), { runs: [ten, fifty, rival], profile: light, cores: 2 }));
  const waits: PageProfile = { ...light, handlerMs: 200, handlerBlockedMs: 200 };
  assert.ok(!mayWin(loop(10), { runs: [rival], profile: waits, cores: 2 }));
  assert.ok(
    mayWin({ mode: 'threads', concurrency: 32, threads: 32 }, { runs: [rival], profile: waits, cores: 2 }),
  );
});
