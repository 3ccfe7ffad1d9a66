// Where results are written to: standard output, or a file that appears only when it is complete.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DroverError } from '../../errors.ts';
import { diskError, syncDirectory } from '../disk.ts';

export interface Output {
  /**
   * Writes the bytes. Resolves to false if the reader of a pipe has gone away. The buffer may be reused after
   * this resolves. Throws E_DISK_FULL or E_FILE.
   */
  write(bytes: Buffer): Promise<boolean>;
  /** To be called after the last write. Makes a file visible and durable. Throws E_DISK_FULL or E_FILE. */
  finish(): Promise<void>;
  /** To be called after a failure instead of `finish`. A file keeps its former content. */
  discard(): Promise<void>;
}

/**
 * Opens a file for writing, or standard output if `file` is null. A file that is no regular file (a pipe,
 * /dev/null) is written to directly. Without `overwrite`, a file that has content already is not replaced,
 * even if it gets its content later: E_FILE_EXISTS. Throws E_DISK_FULL or E_FILE.
 */
export async function openOutput(file: string | null, { overwrite = false } = {}): Promise<Output> {
  if (file === null) return standardOutput();
  try {
    const found = await stat(file).catch(ifMissing);
    if (found && !found.isFile()) return straight(await open(file, 'w'), file);
    if (found && found.size > 0 && !overwrite) throw new DroverError('E_FILE_EXISTS', `${file}.`);
    return await replacing(found ? await realpath(file) : file, overwrite || found !== null);
  } catch (error) {
    throw diskError(error, file);
  }
}

/**
 * Writes lines, with their line ends, to a file or to standard output (`file` null). Returns how many were
 * written. Stops when the reader of standard output goes away. Throws as openOutput and the lines do.
 */
export async function writeLines(
  file: string | null,
  lines: AsyncIterable<string>,
  options: Parameters<typeof openOutput>[1],
): Promise<number> {
  const output = await openOutput(file, options);
  let written = 0;
  try {
    for await (const line of lines) {
      if (!(await output.write(Buffer.from(line)))) break;
      written++;
    }
    await output.finish();
  } catch (error) {
    await output.discard();
    throw error;
  }
  return written;
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

function standardOutput(): Output {
  const stream = process.stdout;
  let gone = false;
  // The callback of write gets the error. Without a listener, the error would end the process.
  stream.on('error', () => {});
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

/**
 * Writes to a temporary file in the same directory. `finish` gives it the name of the file; if others must
 * not be replaced, only while the name is free.
 */
async function replacing(file: string, mayReplace: boolean): Promise<Output> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx');
  return {
    write: (bytes) => writeAll(handle, bytes, file),
    async finish() {
      try {
        await handle.sync();
        await handle.close();
        if (!mayReplace) await checkFree(file);
        await rename(temporary, file);
        await syncDirectory(dirname(file));
      } catch (error) {
        throw diskError(error, file);
      }
    },
    async discard() {
      await handle.close().catch(() => {}); // the caller reports the failure before this one
      await unlink(temporary).catch(() => {});
    },
  };
}

async function checkFree(file: string): Promise<void> {
  const found = await stat(file).catch(ifMissing);
  if (found) throw new DroverError('E_FILE_EXISTS', `${file} was written by somebody else meanwhile.`);
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
