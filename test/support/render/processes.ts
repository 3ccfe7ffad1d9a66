// The processes of browsers, found as the system tells of them.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** All processes below this one, with how they were started. */
export function processesBelow(pid: number): { pid: number; command: string }[] {
  const parents = new Map<number, { parent: number; command: string }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (state !== 'Z') parents.set(Number(name), { parent: Number(parent), command });
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBelow = (one: number): boolean => {
    const parent = parents.get(one)?.parent;
    return parent !== undefined && (parent === pid || isBelow(parent));
  };
  return [...parents].filter(([one]) => isBelow(one)).map(([one, { command }]) => ({ pid: one, command }));
}

/** Whether it runs, and is the same program as it was. */
export function isRunning(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/exe`);
    return true;
  } catch {
    return false;
  }
}
