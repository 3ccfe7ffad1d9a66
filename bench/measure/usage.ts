// Loaded into a measured process before its program (node --import). When the process ends, this writes its
// usage, with all its threads, to the file BENCH_USAGE. The figures in /proc would be gone by then.
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 };
    writeFileSync(process.env.BENCH_USAGE ?? '', JSON.stringify(usage));
  });
}
