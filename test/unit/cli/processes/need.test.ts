import assert from 'node:assert/strict';
import test from 'node:test';
import type { Load } from '../../../../cli/processes/messages.ts';
import { isWorthwhile, Need, processCount } from '../../../../cli/processes/need.ts';
import { parseSetting } from '../../../../src/config/parse.ts';

const load = (given: Partial<Load> = {}): Load => ({
  ...{ inFlight: 20, jobsPerSecond: 500, cpu: 1, loop: 0.98 },
  ...given,
});
const enoughBytes = 2 * 1024 ** 3;

/** What is decided when the same is seen every half second for so long. */
function seen(need: Need, loads: readonly Load[], forMs: number, fromMs = 0): string {
  let last = '';
  for (let at = fromMs; at <= fromMs + forMs; at += 500) last = need.look(at, loads);
  return last;
}

test('auto is one process, and up to one less than the machine has cores, at least one', () => {
  const most = (cores: number) => processCount('auto', 1, cores);
  assert.deepEqual([1, 2, 3, 8].map(most), [
    { least: 1, most: 1 },
    { least: 1, most: 1 },
    { least: 1, most: 2 },
    { least: 1, most: 7 },
  ]);
});

test('a number is so many from the start; only serve does without', () => {
  assert.deepEqual(processCount(3), { least: 3, most: 3 });
  assert.deepEqual(processCount(0, 0), { least: 0, most: 0 });
  assert.throws(() => processCount(0), {
    code: 'E_USAGE',
    message: /--processes: expected auto or a number from 1 to 256 \(got 0\)/,
  });
  for (const wrong of ['257', '-1', '1.5', 'x', ''])
    assert.throws(() => parseSetting('processes', wrong, '--processes'), {
      code: 'E_SETTING',
      message: /--processes: expected auto or a whole number from 0 to 256 \(got/,
    });
  assert.deepEqual(
    ['auto', '4', 4].map((given) => parseSetting('processes', given, '--processes')),
    ['auto', 4, 4],
  );
});

test('another process is wanted when all have used up their CPU for a while, and no sooner', () => {
  assert.equal(seen(new Need({ concurrency: 50 }), [load()], 1000), 'same');
  assert.equal(seen(new Need({ concurrency: 50 }), [load()], 2000), 'more');
  const pausing = new Need({ concurrency: 50 });
  assert.equal(seen(pausing, [load()], 1000), 'same');
  assert.equal(seen(pausing, [load({ loop: 0.5 })], 0, 1500), 'same');
  assert.equal(seen(pausing, [load()], 1000, 2000), 'same');
});

test('a consumer that waits for hosts, for Redis, for its threads or for the machine needs no other beside it', () => {
  const rows = [
    load({ cpu: 0.3, loop: 0.3 }),
    load({ cpu: 0.5, loop: 0.98 }), // others use the machine
    load({ cpu: 3, loop: 0.4 }), // its threads work
  ];
  for (const row of rows) assert.equal(seen(new Need({ concurrency: 50 }), [row], 10_000), 'same');
  const two = [load(), load({ cpu: 0.4, loop: 0.5 })];
  assert.equal(seen(new Need({ concurrency: 50 }), two, 10_000), 'same');
});

test('a process goes when the others have done with half of their time for a minute, and have room for its fetches', () => {
  const idle = [load({ inFlight: 10, cpu: 0.2, loop: 0.2 }), load({ inFlight: 10, cpu: 0.2, loop: 0.2 })];
  const need = () => new Need({ concurrency: 50 });
  assert.equal(seen(need(), idle, 59_000), 'same');
  assert.equal(seen(need(), idle, 60_000), 'fewer');
  const full = idle.map((one) => ({ ...one, inFlight: 50 }));
  assert.equal(seen(need(), full, 120_000), 'same');
  assert.equal(seen(need(), idle.slice(1), 120_000), 'same', 'the last one stays');
});

test('a process is worth its start when seconds of work are left, and memory for it', () => {
  assert.equal(isWorthwhile(1000, [load()], enoughBytes), false);
  assert.equal(isWorthwhile(5000, [load()], enoughBytes), true);
  assert.equal(isWorthwhile(5000, [load(), load(), load()], enoughBytes), false);
  assert.equal(isWorthwhile(100, [load({ jobsPerSecond: 10 })], enoughBytes), true);
  assert.equal(isWorthwhile(5000, [load()], 200 * 1024 ** 2), false);
});
