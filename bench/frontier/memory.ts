// What Redis says that it has allocated.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '../../src/redis.ts';

const READINGS_APART_MS = 250;
const MOST_READINGS = 40;
const SETTLED_BYTES = 4096;

/** Once it no longer changes: Redis gives back buffers, and shrinks the table of its keys, some time after it needed them. */
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

/** The most since it was started. */
export function usedPeakBytes(redis: Redis): Promise<number> {
  return memoryOf(redis, 'used_memory_peak');
}

async function memoryOf(redis: Redis, name: string): Promise<number> {
  const info = await redis.info('memory');
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
}
