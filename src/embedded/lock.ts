// A lock file. The lock is held as long as the file exists; the file contains the process id of the holder.
// The holder of the lock may start or stop the server.
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';

/**
 * An older lock is stale: no holder needs it for longer. Its process id may meanwhile belong to another
 * process.
 */
const longestHoldMs = 15_000;
/** The longest time between making the file and writing the process id into it. */
const longestEmptyMs = 1000;
/**
 * The locks that this process holds. Any other lock with its process id was left by a process that has ended:
 * in a container, process ids are soon used again.
 */
const held = new Set<string>();

/**
 * Takes the lock. Returns false if another holds it. Throws the error of the file system if the file cannot
 * be written.
 */
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

/** Releases the lock that this process holds. Idempotent. */
export function releaseLock(path: string): void {
  held.delete(path);
  rmSync(path, { force: true });
}

/** Whether a running process holds the lock. Removes a stale lock, which a crash has left. */
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

/**
 * Removes a stale lock. Another process may have removed it and taken the lock since, so the file is first
 * renamed and then removed only if it is the one that was found.
 */
function removeStale(path: string, found: Found): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (statSync(aside).ino === found.inode) rmSync(aside);
    else renameSync(aside, path);
  } catch {
    // Another process has removed it.
  }
}
