// What exports to a place have left that were killed before they could end: kill -9 lets nothing clean up.
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The name beside `path` under which an export is written, until it is complete. */
export function temporaryName(path: string, random: string): string {
  return `${path}.${process.pid}.${random}.tmp`;
}

/** Where a directory waits while the one that replaces it gets its name. */
export const formerName = (temporary: string) => `${temporary}.former`;

/**
 * Removes what killed exports to `path` have left, and gives a directory its name back that one was about to
 * replace. To be called while `path` is reserved, so that no other export to it runs on any machine; what
 * belongs to a process that still runs here stays all the same. What cannot be removed stays.
 */
export function removeLeftovers(path: string): void {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  try {
    for (const name of readdirSync(directory)) {
      if (!name.startsWith(prefix)) continue;
      const [, pid, former] = /^(\d+)\.[0-9a-f]{8}\.tmp(\.former)?$/.exec(name.slice(prefix.length)) ?? [];
      if (pid === undefined || isRunning(Number(pid))) continue;
      if (former && !existsSync(path)) renameSync(join(directory, name), path);
      else rmSync(join(directory, name), { recursive: true, force: true });
    }
  } catch {
    // It may not be listed or removed by this user. That keeps nobody from writing.
  }
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false; // what this process writes begins later
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
