// How much CPU threads used, and how long they waited for a core. On Linux the kernel counts both for each
// thread (/proc/PID/task/TID/schedstat, in nanoseconds); elsewhere only the CPU time is known.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface CpuTime {
  /** Milliseconds on a core. */
  readonly usedMs: number;
  /** Milliseconds for which the thread could have run, but all cores were taken. */
  readonly queuedMs: number;
}

/** Of the thread that calls. */
export function threadCpu(): CpuTime {
  return (
    readSchedstat('/proc/thread-self/schedstat') ?? { usedMs: usedMs(process.threadCpuUsage()), queuedMs: 0 }
  );
}

/** Of all threads of this process together. */
export function processCpu(): CpuTime {
  let [used, queued] = [0, 0];
  for (const thread of threadsOfProcess()) {
    const time = readSchedstat(`/proc/self/task/${thread}/schedstat`);
    used += time?.usedMs ?? 0;
    queued += time?.queuedMs ?? 0;
  }
  return used > 0 ? { usedMs: used, queuedMs: queued } : { usedMs: usedMs(process.cpuUsage()), queuedMs: 0 };
}

/** Of one thread of this process, by the id that ownThreadId returned there; null when it is not known. */
export function cpuOfThread(id: string | null): CpuTime | null {
  return id === null ? null : readSchedstat(`/proc/self/task/${id}/schedstat`);
}

/** The kernel's id of the thread that calls; null where there is none. */
export function ownThreadId(): string | null {
  try {
    return readlinkSync('/proc/thread-self').split('/').at(-1) ?? null;
  } catch {
    return null;
  }
}

function threadsOfProcess(): string[] {
  try {
    return readdirSync('/proc/self/task');
  } catch {
    return [];
  }
}

function readSchedstat(path: string): CpuTime | null {
  try {
    const [used = 0, queued = 0] = readFileSync(path, 'latin1').split(' ').map(Number);
    return used > 0 ? { usedMs: used / 1e6, queuedMs: queued / 1e6 } : null;
  } catch {
    return null; // no Linux, or the thread has ended
  }
}

function usedMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}
