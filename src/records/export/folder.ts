// An export that is a directory of files. It appears only when it is complete.
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DroverError } from '../../errors.ts';
import { diskError, syncDirectory } from '../disk.ts';
import { formerName, temporaryName } from './leftovers.ts';
import { removeAtExit } from './output.ts';

/** The file that shows that drover made a directory. A directory without it is never replaced. */
export const FOLDER_MARK = '.drover-export.json';

export interface OutputFolder {
  /** Makes a file durable. `path` is relative, with slashes. Throws E_DISK_FULL or E_FILE. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Adds text to the list of the files, which has this name. Throws E_DISK_FULL or E_FILE. */
  list(name: string, text: string): Promise<void>;
  /**
   * Makes the directory visible and durable. `about` goes into its mark. Throws as `write`; E_FILE_EXISTS.
   */
  finish(about: object): Promise<void>;
  /** To be called after a failure instead of `finish`. A directory that was there before is kept. */
  discard(): Promise<void>;
}

/**
 * Whether the directory may be made, or made anew. Throws E_FILE for a file, and E_FILE_EXISTS for a
 * directory that is not empty, unless drover made it and `overwrite` is true.
 */
export async function checkFolder(path: string, overwrite: boolean): Promise<void> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error.code === 'ENOTDIR'
      ? new DroverError('E_FILE', `-o ${path} is a file, and this format makes a directory.`)
      : diskError(error, `-o ${path}`);
  });
  if (names.length === 0 || (overwrite && names.includes(FOLDER_MARK))) return;
  const isForeign = overwrite ? ' It was not made by drover, and is not replaced: give another name.' : '';
  throw new DroverError('E_FILE_EXISTS', `-o ${path} is a directory with files in it.${isForeign}`);
}

/** Begins a directory, under another name beside it. Throws as checkFolder does. */
export async function openFolder(given: string, overwrite: boolean): Promise<OutputFolder> {
  const path = resolve(given);
  await checkFolder(path, overwrite);
  const temporary = temporaryName(path, randomBytes(4).toString('hex'));
  const inner = new Folder(temporary);
  const told = <T>(work: Promise<T>) =>
    work.catch((error) => {
      throw diskError(error, path);
    });
  await told(mkdir(temporary));
  const kept = removeAtExit(temporary);
  return {
    write: (name, content) => told(inner.write(name, content)),
    list: (name, text) => told(inner.list(name, text)),
    finish: async (about) => {
      await told(inner.closeLists().then(() => inner.write(FOLDER_MARK, `${JSON.stringify(about)}\n`)));
      await told(inner.sync());
      await checkFolder(path, overwrite);
      await told(replace(temporary, path));
      kept();
    },
    discard: async () => {
      await inner.closeLists().catch(() => undefined); // the caller reports the failure before this one
      await rm(temporary, { recursive: true, force: true });
      kept();
    },
  };
}

/** The files of a directory that is being made. Throws the errors of the file system. */
class Folder {
  readonly #path: string;
  readonly #made: Set<string>;
  readonly #lists = new Map<string, FileHandle>();

  constructor(path: string) {
    this.#path = path;
    this.#made = new Set([path]);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    const file = join(this.#path, name);
    if (!this.#made.has(dirname(file))) {
      await mkdir(dirname(file), { recursive: true });
      for (let at = dirname(file); !this.#made.has(at); at = dirname(at)) this.#made.add(at);
    }
    const handle = await open(file, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async list(name: string, text: string): Promise<void> {
    const handle = this.#lists.get(name) ?? (await open(join(this.#path, name), 'wx'));
    this.#lists.set(name, handle);
    await handle.writeFile(text);
  }

  async closeLists(): Promise<void> {
    for (const handle of this.#lists.values()) await handle.sync().finally(() => handle.close());
    this.#lists.clear();
  }

  /** Makes the names of all files durable. */
  async sync(): Promise<void> {
    for (const path of this.#made) await syncDirectory(path);
  }
}

/** Gives the directory its name. Another one of this name is removed after that. */
async function replace(temporary: string, path: string): Promise<void> {
  await rmdir(path).catch(() => undefined); // an empty one
  const former = formerName(temporary);
  const isThere = await rename(path, former).then(
    () => true,
    () => false,
  );
  try {
    await rename(temporary, path);
  } catch (error) {
    if (isThere) await rename(former, path);
    throw error;
  }
  await syncDirectory(dirname(path));
  if (isThere) await rm(former, { recursive: true, force: true });
}
