// A file to which whole batches of lines are appended. Each batch is on disk before the caller goes on: dead
// letters are written here before they are removed from Redis.
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError, syncDirectory } from '../disk.ts';

export interface GrowingFile {
  /** The path of the file, or null if nothing has been written yet. */
  path(): string | null;
  /**
   * Appends the lines, which must end in newlines. They are durable when this resolves. Throws E_DISK_FULL or
   * E_FILE.
   */
  append(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the file `DIR/PREFIX-TIME.ndjson`. The first `append` makes the file and its directory. After a
 * crash, its last line may be incomplete.
 */
export function openGrowingFile(dir: string, prefix: string): GrowingFile {
  let opened: { path: string; handle: FileHandle } | null = null;
  return {
    path: () => opened?.path ?? null,
    async append(lines) {
      if (lines.length === 0) return;
      try {
        opened ??= await create(dir, prefix);
        await opened.handle.appendFile(lines.join(''));
        await opened.handle.datasync();
      } catch (error) {
        throw diskError(error, opened?.path ?? dir);
      }
    },
    async close() {
      await opened?.handle.close();
    },
  };
}

async function create(dir: string, prefix: string): Promise<{ path: string; handle: FileHandle }> {
  await mkdir(dir, { recursive: true });
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  for (let again = 0; ; again++) {
    const path = join(dir, `${prefix}-${time}${again ? `-${again}` : ''}.ndjson`);
    const handle = await open(path, 'ax').catch(ifThere);
    if (!handle) continue;
    await syncDirectory(dir);
    await syncDirectory(dirname(dir));
    return { path, handle };
  }
}

function ifThere(error: NodeJS.ErrnoException): null {
  if (error.code === 'EEXIST') return null;
  throw error;
}
