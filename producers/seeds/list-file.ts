// Opens a list of seeds: a file or a stream, gzipped or not.
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DroverError } from '../../src/errors.ts';

/** Whether there is a file at `path`. Throws E_FILE for a directory, and for a path that may not be read. */
export async function isList(path: string): Promise<boolean> {
  try {
    const found = await stat(path);
    if (found.isFile()) await access(path, constants.R_OK);
    if (!found.isDirectory()) return true;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code && ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'].includes(code)) return false;
    throw new DroverError('E_FILE', `${message}.`, { cause });
  }
  throw new DroverError('E_FILE', `${path} is a directory.`);
}

/**
 * The bytes of a list, decompressed if they are gzip; text never begins like gzip. Throws E_FILE when the
 * list cannot be read or its compressed data is broken; everything before the fault has been yielded by then.
 */
export async function* openList(source: string | Readable): AsyncGenerator<Buffer> {
  const name = typeof source === 'string' ? source : 'standard input';
  const raw = typeof source === 'string' ? createReadStream(source) : source;
  try {
    yield* await decompressed(raw);
  } catch (cause) {
    throw new DroverError('E_FILE', `${name}: ${(cause as Error).message}`, { cause });
  } finally {
    raw.destroy();
  }
}

async function decompressed(raw: Readable): Promise<AsyncIterable<Buffer>> {
  const chunks: AsyncIterator<Buffer> = raw[Symbol.asyncIterator]();
  const first = await chunks.next();
  const all = chain(first, chunks);
  const isGzip = !first.done && first.value[0] === 0x1f && (first.value[1] ?? 0x8b) === 0x8b;
  if (!isGzip) return all;
  // Errors of both streams are read from the last one. pipeline() only requires a callback.
  return pipeline(Readable.from(all), createGunzip(), () => {});
}

async function* chain(first: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let chunk = first; !chunk.done; chunk = await rest.next()) yield chunk.value;
}
