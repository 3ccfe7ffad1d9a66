// A file that grows by whole batches of lines, each on disk before the next step: what is about to be removed elsewhere is written here first.
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError, syncDirectory } from '../disk.ts';

export interface GrowingFile {
  /** Null until something was written. */
  path(): string | null;
  /** The lines, each with its end, are durable when this resolves. Throws E_DISK_FULL, E_FILE. */
  append(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** `DIR/PREFIX-TIME.ndjson`, made with the first lines, and its directory too. After a crash its last line may be torn. */
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
