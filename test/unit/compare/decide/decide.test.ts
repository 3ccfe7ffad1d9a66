// The decision of compare: which run is recommended, and why another is no candidate.
import assert from 'node:assert/strict';
import test from 'node:test';
import { decide } from '../../../../src/compare/decide/decide.ts';
import { reasonOf } from '../../../../src/compare/decide/reason.ts';
import type { PageProfile } from '../../../../src/compare/ways.ts';
import { compareRun, type GivenRun } from '../../../support/compare/run.ts';

const light: PageProfile = {
  ...{ pages: 20, fetchMs: 120, fetchCpuMs: 1, handlerMs: 0.4, handlerCpuMs: 0.4, handlerBlockedMs: 0 },
};
const cpu: PageProfile = { ...light, handlerMs: 51, handlerCpuMs: 51 };
const waits: PageProfile = { ...light, handlerMs: 200, handlerCpuMs: 0.2, handlerBlockedMs: 200 };

const evidence = (profile: PageProfile, ...runs: GivenRun[]) => ({
  runs: runs.map(compareRun),
  profile,
  cores: 2,
});
const chosen = (...given: Parameters<typeof evidence>) => {
  const found = decide(evidence(...given))?.run;
  return found ? [found.mode, found.concurrency, found.threads] : null;
};

test('the fastest mode wins; of modes within noise the cheapest, at the lowest concurrency within noise', () => {
  assert.deepEqual(
    chosen(
      light,
      { mode: 'loop', concurrency: 10, pagesPerSecond: 95 },
      { mode: 'loop', concurrency: 50, pagesPerSecond: 440 },
      { mode: 'loop', concurrency: 200, pagesPerSecond: 470 },
      { mode: 'hybrid', concurrency: 50, pagesPerSecond: 480 },
      { mode: 'threads', concurrency: 32, pagesPerSecond: 300 },
    ),
    ['loop', 50, 0],
  );
  assert.deepEqual(
    chosen(
      waits,
      { mode: 'loop', concurrency: 50, pagesPerSecond: 5, loopDelayP99Ms: 1200 },
      { mode: 'hybrid', concurrency: 50, pagesPerSecond: 10 },
      { mode: 'threads', concurrency: 8, pagesPerSecond: 26 },
      { mode: 'threads', concurrency: 32, pagesPerSecond: 104 },
    ),
    ['threads', 32, 32],
  );
});

test('for a light handler a costlier mode must be half as fast again', () => {
  const loop: GivenRun = { mode: 'loop', concurrency: 2, pagesPerSecond: 27 };
  assert.deepEqual(chosen(light, loop, { mode: 'threads', concurrency: 2, pagesPerSecond: 36 }), [
    'loop',
    2,
    0,
  ]);
  assert.deepEqual(chosen(light, loop, { mode: 'threads', concurrency: 8, pagesPerSecond: 90 }), [
    'threads',
    8,
    8,
  ]);
});

test('a loop that its handler blocks is no candidate, even when it is as fast', () => {
  const loop: GivenRun = { mode: 'loop', concurrency: 10, pagesPerSecond: 20, loopDelayP99Ms: 300 };
  const hybrid: GivenRun = { mode: 'hybrid', concurrency: 10, pagesPerSecond: 20 };
  assert.deepEqual(chosen(cpu, loop, hybrid), ['hybrid', 10, 2]);
  assert.deepEqual(chosen(light, loop, hybrid), ['loop', 10, 0], 'the machine was late, not the handler');
  const found = decide(evidence(cpu, loop, hybrid));
  assert.deepEqual([...(found?.excluded.values() ?? [])], ['blocks the loop']);
});

test('what a run gains by using more cores alone does not count, for processes do the same', () => {
  const bound = { isCpuBound: true, cpuPer1000: 1.2 };
  assert.deepEqual(
    chosen(
      light,
      { mode: 'loop', concurrency: 10, pagesPerSecond: 800, ...bound },
      { mode: 'threads', concurrency: 8, pagesPerSecond: 1500, ...bound },
    ),
    ['loop', 10, 0],
  );
  assert.deepEqual(
    chosen(
      cpu,
      {
        mode: 'hybrid',
        concurrency: 10,
        pagesPerSecond: 14,
        isCpuBound: true,
        cpuPer1000: 52,
        attainable: 38,
      },
      {
        mode: 'threads',
        concurrency: 8,
        pagesPerSecond: 30,
        isCpuBound: true,
        cpuPer1000: 54,
        attainable: 37,
      },
    ),
    ['hybrid', 10, 2],
    'on a busy machine, more threads get more of it',
  );
});

test('errors that other runs do not have disqualify, and a run without pages does too', () => {
  const errors = { E_HANDLER_TIMEOUT: 10 };
  const loop: GivenRun = { mode: 'loop', concurrency: 50, pagesPerSecond: 500, errors };
  assert.deepEqual(chosen(light, loop, { mode: 'hybrid', concurrency: 50, pagesPerSecond: 100 }), [
    ...['hybrid', 50, 2],
  ]);
  const same: GivenRun = { mode: 'hybrid', concurrency: 50, pagesPerSecond: 100, errors };
  assert.deepEqual(chosen(light, loop, same), ['loop', 50, 0], 'all have them');
  assert.equal(chosen(light, { ...loop, pages: 0, pagesPerSecond: 0 }), null);
  const blocked: GivenRun = { mode: 'loop', concurrency: 1, pagesPerSecond: 5, loopDelayP99Ms: 300 };
  const found = decide(evidence(cpu, blocked, { ...same, pages: 0 }));
  assert.deepEqual([found?.run.mode, found?.isLeastBad], ['loop', true]);
});

test('the reason says what a page costs: network, computing, or a synchronous wait', () => {
  const reason = (profile: PageProfile, ...runs: GivenRun[]) => {
    const found = decide(evidence(profile, ...runs));
    assert.ok(found);
    return reasonOf(found, profile);
  };
  const hybrid: GivenRun = { mode: 'hybrid', concurrency: 10, pagesPerSecond: 38 };
  const loop: GivenRun = { mode: 'loop', concurrency: 50, pagesPerSecond: 400 };
  assert.match(
    reason(cpu, hybrid),
    /^The handler computes 51 ms a page; .* did 38 pages\/s\. On the event loop/,
  );
  assert.match(
    reason(waits, { mode: 'threads', concurrency: 32, pagesPerSecond: 104 }),
    /^The handler blocks its thread for 200 ms a page and computes next to nothing: a synchronous wait\./,
  );
  assert.match(
    reason(light, loop, hybrid),
    /^Requests take 120 ms, the handler 0\.4 ms\. 50 requests at once/,
  );
});
