// Pictures of pages, beside the records of their crawl in the store of files.
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError } from './disk.ts';

const FOLDER = 'screenshots';

/**
 * Writes the picture of a request, in place of an earlier one. `directory`: that of the crawl's records.
 * Resolves with its path within. Throws E_DISK_FULL and E_FILE.
 */
export async function writePicture(directory: string, id: string, png: Buffer): Promise<string> {
  const name = `${id}.png`;
  const path = join(directory, FOLDER, name);
  const unfinished = `${path}.${randomUUID()}`;
  try {
    await mkdir(join(directory, FOLDER), { recursive: true });
    await writeFile(unfinished, png, { flush: true });
    await rename(unfinished, path);
    return `${FOLDER}/${name}`;
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw diskError(cause, path);
  }
}
