// Reads how much memory Redis has allocated.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '../../src/redis.ts';

const READINGS_APART_MS = 250;
const MOST_READINGS = 40;
const SETTLED_BYTES = 4096;

/**
 * The memory in use when it no longer changes: Redis frees buffers and shrinks its table of keys only after
 * some time.
 */
export async function settledBytes(redis: Redis): Promise<number> {
  let last = Number.NaN;
  for (let reading = 0; reading < MOST_READINGS; reading++) {
    const bytes = await memoryOf(redis, 'used_memory');
    if (Math.abs(bytes - last) < SETTLED_BYTES) return bytes;
    last = bytes;
    await sleep(READINGS_APART_MS);
  }
  return last;
}

/** The peak of memory since Redis was started. */
export function usedPeakBytes(redis: Redis): Promise<number> {
  return memoryOf(redis, 'used_memory_peak');
}

async function memoryOf(redis: Redis, name: string): Promise<number> {
  const info = await redis.info('memory');
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
}
