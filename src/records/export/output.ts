// Where results are written to: standard output, or a file that appears only when it is complete.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DroverError } from '../../errors.ts';
import { diskError, syncDirectory } from '../disk.ts';
import { compressed } from './compress.ts';
import type { Compression } from './format.ts';
import { temporaryName } from './leftovers.ts';

export interface Output {
  /**
   * Writes the bytes. Resolves to false if the reader of a pipe has gone away. The buffer may be reused after
   * this resolves. Throws E_DISK_FULL or E_FILE.
   */
  write(bytes: Uint8Array): Promise<boolean>;
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

export interface WriteOptions {
  /** Whether a file that is there may be replaced. */
  overwrite?: boolean;
  compression?: Compression | null;
}

/**
 * Writes texts (lines with their ends) and bytes to a file or to standard output (`file` null). Stops when
 * the reader of standard output goes away. Without compression, bytes may be reused when the next part is
 * asked for. Throws as openOutput and the parts do.
 */
export async function writeParts(
  file: string | null,
  parts: AsyncIterable<string | Uint8Array>,
  { overwrite = false, compression = null }: WriteOptions = {},
): Promise<void> {
  const output = await openOutput(file, { overwrite });
  try {
    const bytes = joined(parts);
    for await (const chunk of compression ? compressed(bytes, compression) : bytes)
      if (!(await output.write(chunk))) break;
    await output.finish();
  } catch (error) {
    await output.discard();
    throw error;
  }
}

/** Writes texts as writeParts does. Returns how many there were. */
export async function writeLines(
  file: string | null,
  lines: AsyncIterable<string>,
  options?: WriteOptions,
): Promise<number> {
  const counter = { count: 0 };
  await writeParts(file, counting(lines, counter), options);
  return counter.count;
}

/** The same values, counted while they are read. */
export async function* counting<T>(values: AsyncIterable<T>, counter: { count: number }): AsyncGenerator<T> {
  for await (const value of values) {
    counter.count++;
    yield value;
  }
}

/** A write for each line would be half of the work. */
const LEAST_CHARACTERS = 128 * 1024;

async function* joined(parts: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  let texts: string[] = [];
  let characters = 0;
  const take = () => {
    const bytes = Buffer.from(texts.join(''));
    texts = [];
    characters = 0;
    return bytes;
  };
  for await (const part of parts) {
    if (typeof part === 'string') {
      texts.push(part);
      characters += part.length;
    }
    if (characters >= LEAST_CHARACTERS || (typeof part !== 'string' && characters > 0)) yield take();
    if (typeof part !== 'string') yield part;
  }
  if (characters > 0) yield take();
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
  const temporary = temporaryName(file, randomBytes(4).toString('hex'));
  const handle = await open(temporary, 'wx');
  const kept = removeAtExit(temporary);
  return {
    write: (bytes) => writeAll(handle, bytes, file),
    async finish() {
      try {
        await handle.sync();
        await handle.close();
        if (!mayReplace) await checkFree(file);
        await rename(temporary, file);
        kept();
        await syncDirectory(dirname(file));
      } catch (error) {
        throw diskError(error, file);
      }
    },
    async discard() {
      await handle.close().catch(() => {}); // the caller reports the failure before this one
      await unlink(temporary).catch(() => {});
      kept();
    },
  };
}

/** Removes what an export has begun when the process ends before it. Returns how to give that up. */
export function removeAtExit(temporary: string): () => void {
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  process.once('exit', remove);
  return () => process.off('exit', remove);
}

async function checkFree(file: string): Promise<void> {
  const found = await stat(file).catch(ifMissing);
  if (found) throw new DroverError('E_FILE_EXISTS', `${file} was written by somebody else meanwhile.`);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, file: string): Promise<boolean> {
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
