// The memory of a server of the API, and that it stays well while it is attacked.
import assert from 'node:assert/strict';
import type { Api } from './api.ts';

/** Samples the server's memory while `work` goes on; answers the most it was, in bytes. */
export async function peakMemory(api: Api, work: Promise<unknown>): Promise<number> {
  let peak = api.memory();
  const look = setInterval(() => {
    peak = Math.max(peak, api.memory());
  }, 50);
  try {
    await work;
  } finally {
    clearInterval(look);
  }
  return peak;
}

/**
 * What a server may grow by while it is attacked: a few buffers, and what the collector has not looked at
 * yet.
 */
const HARMLESS_BYTES = 100 * 1024 ** 2;

/**
 * While `attack` goes on: how long /healthz takes at worst, in ms, and by how much the memory grows at most.
 */
async function during<T>(
  api: Api,
  attack: Promise<T>,
): Promise<{ result: T; slowestMs: number; grown: number }> {
  let [over, slowestMs, peak] = [false, 0, 0];
  const before = api.memory();
  const watch = (async () => {
    do {
      const started = performance.now();
      assert.equal((await api.call('GET', '/healthz')).status, 200);
      slowestMs = Math.max(slowestMs, performance.now() - started);
      peak = Math.max(peak, api.memory());
      await new Promise((resolve) => setTimeout(resolve, 20));
    } while (!over);
  })();
  const result = await attack.finally(() => {
    over = true;
  });
  await watch;
  return { result, slowestMs, grown: peak - before };
}

/** Fails if /healthz takes 2 s meanwhile, or the server grows by more than HARMLESS_BYTES. */
export async function assertHarmless<T>(api: Api, attack: Promise<T>): Promise<T> {
  const { result, slowestMs, grown } = await during(api, attack);
  assert.ok(slowestMs < 2000, `/healthz took ${Math.round(slowestMs)} ms`);
  assert.ok(grown < HARMLESS_BYTES, `the server grew by ${Math.round(grown / 1024 ** 2)} MB`);
  return result;
}
