// Measures how much a consumer of this process has to do.
import { performance } from 'node:perf_hooks';
import type { Consumer } from '../../consumers/consumer.ts';
import type { Load } from './messages.ts';

export const LOAD_EVERY_MS = 500;

/** Returns a function that tells the load since its last call. */
export function createLoadMeter(consumer: Pick<Consumer, 'inFlight' | 'jobs'>): () => Load {
  const now = () => ({
    ...{ atMs: performance.now(), cpu: process.cpuUsage(), jobs: consumer.jobs() },
    loop: performance.eventLoopUtilization(),
  });
  let last = now();
  return () => {
    const before = last;
    last = now();
    const seconds = Math.max(1, last.atMs - before.atMs) / 1000;
    const cpuMicroseconds = last.cpu.user + last.cpu.system - before.cpu.user - before.cpu.system;
    return {
      inFlight: consumer.inFlight(),
      jobsPerSecond: (last.jobs - before.jobs) / seconds,
      cpu: cpuMicroseconds / 1e6 / seconds,
      loop: performance.eventLoopUtilization(last.loop, before.loop).utilization,
    };
  };
}
