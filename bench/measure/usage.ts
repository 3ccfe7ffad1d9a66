// Loaded into a measured process before its program (node --import): when it ends, what it has used goes into the file BENCH_USAGE.
// The figures that /proc has of a process are gone when it is; these are of its last moment, all its threads included.
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 };
    writeFileSync(process.env.BENCH_USAGE ?? '', JSON.stringify(usage));
  });
}
