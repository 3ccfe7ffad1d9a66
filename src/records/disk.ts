// The disk's own ways: its errors as drover's, and names that survive a power failure.
import { open } from 'node:fs/promises';
import { DroverError } from '../errors.ts';

/** E_DISK_FULL where space is what is missing, else E_FILE; the text names the file and the system's own code. */
export function diskError(cause: unknown, path: string): DroverError {
  if (cause instanceof DroverError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new DroverError(full ? 'E_DISK_FULL' : 'E_FILE', `${path}: ${code || String(cause)}.`, { cause });
}

/** Makes the names in a directory (new files, renamed ones) durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
