// What is special about disks: their errors as errors of drover, file names that survive a power failure, and
// files without a name.
import { randomUUID } from 'node:crypto';
import { mkdirSync, openSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { DroverError } from '../errors.ts';

/**
 * The error of the file system as a DroverError: E_DISK_FULL if there is no space left, otherwise E_FILE. Its
 * detail names the file and what the system said.
 */
export function diskError(cause: unknown, path: string): DroverError {
  if (cause instanceof DroverError) return cause;
  const { code = '', errno } = cause as NodeJS.ErrnoException;
  const said = errno === undefined ? code || String(cause) : `${code}, ${getSystemErrorMessage(errno)}`;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new DroverError(full ? 'E_DISK_FULL' : 'E_FILE', `${path}: ${said}.`, { cause });
}

/** Makes the names in a directory (of new and renamed files) durable. Throws the error of the file system. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Opens a file for reading and writing whose name is removed at once, so that it disappears with the process.
 * `dir` is made if it is not there; `kind` begins the name. Throws the error of the file system.
 */
export function openNameless(dir: string, kind: string): number {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `${kind}-${randomUUID()}`);
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}
