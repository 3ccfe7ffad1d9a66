// Where results are written to: a file that appears whole or not at all, or standard output.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError, syncDirectory } from '../disk.ts';

export interface Output {
  /** False when nobody reads any more. The bytes may be reused once this resolves. Throws a DroverError. */
  write(bytes: Buffer): Promise<boolean>;
  /** Everything is written: makes it visible and durable. */
  finish(): Promise<void>;
  /** Something failed: leaves the place as it was. */
  discard(): Promise<void>;
}

/** `file` null: standard output. Something that is no regular file (a pipe, /dev/null) is written to straight. */
export async function openOutput(file: string | null): Promise<Output> {
  if (file === null) return standardOutput();
  try {
    const found = await stat(file).catch(ifMissing);
    if (found && !found.isFile()) return straight(await open(file, 'w'), file);
    return await replacing(found ? await realpath(file) : file);
  } catch (error) {
    throw diskError(error, file);
  }
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

function standardOutput(): Output {
  const stream = process.stdout;
  let gone = false;
  stream.on('error', () => {}); // write's callback hears of it; without a listener it would end the process
  return {
    async write(bytes) {
      if (gone) return false;
      const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
        stream.write(bytes, resolve);
      });
      if (error && error.code !== 'EPIPE') throw diskError(error, 'standard output');
      gone = Boolean(error);
      return !gone;
    },
    async finish() {},
    async discard() {},
  };
}

function straight(handle: FileHandle, file: string): Output {
  return {
    write: (bytes) => writeAll(handle, bytes, file),
    finish: () => handle.close(),
    discard: () => handle.close(),
  };
}

/** A temporary file beside it, renamed over it in the end. */
async function replacing(file: string): Promise<Output> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx');
  return {
    write: (bytes) => writeAll(handle, bytes, file),
    async finish() {
      try {
        await handle.sync();
        await handle.close();
        await rename(temporary, file);
        await syncDirectory(dirname(file));
      } catch (error) {
        throw diskError(error, file);
      }
    },
    async discard() {
      await handle.close().catch(() => {}); // the failure that led here is the one to tell
      await unlink(temporary).catch(() => {});
    },
  };
}

async function writeAll(handle: FileHandle, bytes: Buffer, file: string): Promise<boolean> {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return false;
    throw diskError(error, file);
  }
}
