// A lock file: its existence is the lock, its content the holder's process id. Whoever holds it may start or stop the server.
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';

/** Nobody needs it for longer, whatever a process id that has been given again may say. */
const longestHoldMs = 15_000;
/** Between making the file and writing the process id into it. */
const longestEmptyMs = 1000;
/** Those that this process holds: another one with its process id has ended (in a container, ids repeat soon). */
const held = new Set<string>();

/** False if somebody else holds it. Throws the error of the file system if the file cannot be written. */
export function takeLock(path: string): boolean {
  if (isLocked(path)) return false;
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, `${process.pid}\n`);
    closeSync(file);
    held.add(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export function releaseLock(path: string): void {
  held.delete(path);
  rmSync(path, { force: true });
}

/** True while a living process holds it. A lock that a crash left behind is removed. */
export function isLocked(path: string): boolean {
  const found = read(path);
  if (!found) return false;
  if (held.has(path) || !isStale(found)) return true;
  removeStale(path, found);
  return false;
}

interface Found {
  readonly pid: number;
  readonly ageMs: number;
  readonly inode: number;
}

function read(path: string): Found | null {
  try {
    const { mtimeMs, ino } = statSync(path);
    return { pid: Number(readFileSync(path, 'utf8')), ageMs: Date.now() - mtimeMs, inode: ino };
  } catch {
    return null;
  }
}

function isStale({ pid, ageMs }: Found): boolean {
  if (ageMs > longestHoldMs || pid === process.pid) return true;
  if (!pid) return ageMs > longestEmptyMs;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Another process may have done so and taken the lock since: what is moved away must be what was looked at. */
function removeStale(path: string, found: Found): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (statSync(aside).ino === found.inode) rmSync(aside);
    else renameSync(aside, path);
  } catch {
    // Somebody else has removed it.
  }
}
