import assert from 'node:assert/strict';
import test from 'node:test';
import { FIRST_LEFT_OUT_MS, LONGEST_LEFT_OUT_MS, ProxyHealth } from '../../../../src/fetch/proxy/health.ts';

/** Fails it at that time and returns for how long it is then left out. */
function fail(health: ProxyHealth, now: number): number {
  health.used();
  health.ended('unreachable', now);
  return health.leftOutMs(now);
}

test('a proxy that fails is left out for twice as long each time, up to the longest, and not at all once it works', () => {
  const health = new ProxyHealth();
  let now = 1000;
  const waits: number[] = [];
  for (let time = 0; time < 9; time++) {
    waits.push(fail(health, now));
    now += waits.at(-1) ?? 0;
    assert.equal(health.leftOutMs(now), 0);
  }
  assert.deepEqual(waits.slice(0, 3), [FIRST_LEFT_OUT_MS, 2 * FIRST_LEFT_OUT_MS, 4 * FIRST_LEFT_OUT_MS]);
  assert.equal(waits.at(-1), LONGEST_LEFT_OUT_MS);
  health.used();
  assert.ok(health.leftOutMs(now) > 0, 'one request tries it, others wait');
  health.ended('worked', now);
  assert.equal(health.leftOutMs(now), 0);
  assert.equal(fail(health, now), FIRST_LEFT_OUT_MS);
});

test('what was under way when it failed does not make its time longer', () => {
  const health = new ProxyHealth();
  for (let request = 0; request < 50; request++) health.ended('unreachable', 1000 + request);
  assert.equal(health.leftOutMs(1000), FIRST_LEFT_OUT_MS);
});

test('a wrong login counts at once where none has worked; later a server could have said it', () => {
  const health = new ProxyHealth();
  health.ended('login', 0);
  assert.equal(health.leftOutMs(0), LONGEST_LEFT_OUT_MS);
  const other = new ProxyHealth();
  other.ended('worked', 0);
  other.ended('login', 0);
  other.ended('login', 0);
  assert.equal(other.leftOutMs(0), 0);
  other.ended('login', 0);
  assert.equal(other.leftOutMs(0), LONGEST_LEFT_OUT_MS);
});

test('one slow server is not the fault of the proxy; five in a row are', () => {
  const health = new ProxyHealth();
  for (const result of ['slow', 'slow', 'slow', 'slow', 'worked', 'slow', 'slow', 'slow', 'slow'] as const)
    health.ended(result, 0);
  assert.equal(health.leftOutMs(0), 0);
  health.ended('slow', 0);
  assert.equal(health.leftOutMs(0), FIRST_LEFT_OUT_MS);
});
