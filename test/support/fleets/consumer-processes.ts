// The processes that a command has started, as the system lists them.
import { execFileSync } from 'node:child_process';
import { until } from '../signals.ts';

interface Listed {
  pid: number;
  parent: number;
  command: string;
}

function list(): Listed[] {
  const text = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  return [...text.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm)].map(([, pid, parent, command = '']) => ({
    ...{ pid: Number(pid), parent: Number(parent), command },
  }));
}

export function childrenOf(parent: number): number[] {
  return list()
    .filter((one) => one.parent === parent)
    .map(({ pid }) => pid);
}

/** Those that consume for this command. */
export function consumerProcessesOf(parent: number | undefined): number[] {
  const children = list().filter((one) => one.parent === parent);
  return children.filter(({ command }) => command.includes(' consumer-process ')).map(({ pid }) => pid);
}

/** Waits until the command has so many, and returns them. */
export function untilProcesses(parent: number | undefined, count: number): Promise<number[]> {
  return until(
    () => {
      const found = consumerProcessesOf(parent);
      return found.length === count && found;
    },
    { what: `${count} consumer processes`, deadlineMs: 30_000, everyMs: 50 },
  );
}
