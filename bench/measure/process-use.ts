// The CPU time and memory of a running process, and the CPU time of the whole machine.
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  cpuSeconds: number;
  peakBytes: number;
}

const CLOCK_TICKS_PER_SECOND = 100; // the same on every Linux that Node runs on

/**
 * The usage of a running process, including its children that have ended. Throws if there is no such process.
 */
export function usageOf(pid: number): Usage {
  const { own, children } = cpuSecondsIn(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
  return {
    cpuSeconds: own + children,
    peakBytes: Number(peak) * 1024,
  };
}

/** The CPU time of a process and of its children that have ended, from the text of its /proc/PID/stat. */
export function cpuSecondsIn(stat: string): { own: number; children: number } {
  // User and system time, then the same of the children.
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fieldsOf(stat).slice(11, 15).map(Number);
  return {
    own: (user + system) / CLOCK_TICKS_PER_SECOND,
    children: (childUser + childSystem) / CLOCK_TICKS_PER_SECOND,
  };
}

/** The name in brackets may contain any text. What comes after it, from the state on. */
const fieldsOf = (stat: string) => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

/** CPU seconds of some running processes and their children, so far. */
export function cpuSecondsOfTrees(pids: readonly number[]): number {
  const wanted = new Set(pids);
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each)))
    if (pids.includes(parentOf(name))) wanted.add(Number(name));
  return [...wanted].reduce((sum, pid) => sum + usageOf(pid).cpuSeconds, 0);
}

function parentOf(pid: string): number {
  try {
    return Number(fieldsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'))[1]);
  } catch {
    return 0; // it has ended meanwhile
  }
}

/** CPU seconds of all processes since the machine was started. */
export function busySeconds(): number {
  // user, nice, system, idle, iowait, irq, softirq
  const ticks =
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/).slice(1, 8).map(Number) ?? [];
  const [idle = 0, waiting = 0] = ticks.slice(3);
  return (ticks.reduce((sum, n) => sum + n, 0) - idle - waiting) / CLOCK_TICKS_PER_SECOND;
}
