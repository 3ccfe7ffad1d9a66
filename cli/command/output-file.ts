// The file or directory of -o. Whether it can be written is found out before the work that fills it, and it
// stays reserved until the command has ended.
import { accessSync, constants, realpathSync, type Stats, statSync, utimesSync } from 'node:fs';
import { resolve } from 'node:path';
import { type KeptRecords, lookUpRecords, missingRecords } from '../../src/crawl/kept-records.ts';
import { releaseLock, takeLock } from '../../src/embedded/lock.ts';
import { DroverError } from '../../src/errors.ts';
import { diskError } from '../../src/records/disk.ts';
import { checkFolder } from '../../src/records/export/folder.ts';
import { type ExportFormat, exportFormat, isFolder } from '../../src/records/export/format.ts';
import { removeLeftovers } from '../../src/records/export/leftovers.ts';
import {
  folderNeeded,
  type RecordOutput,
  type WrittenExport,
  writeExport,
} from '../../src/records/export/write.ts';
import { EVERY_RECORD, type RecordFilter } from '../../src/records/filter.ts';
import type { StoreSession } from './store-session.ts';

/** A lock without a sign of life for 15 s is stale (src/embedded/lock.ts). */
const RENEW_MS = 5000;

export interface OutputFile {
  /** The path as given; null for standard output. */
  readonly path: string | null;
  /** Whether a file that is there already is replaced. */
  readonly overwrite: boolean;
  /** Lets others write the file. Idempotent. */
  release(): void;
}

/** The place of an export. */
export interface ExportFile extends OutputFile {
  readonly format: ExportFormat;
}

/**
 * Reserves the place of an export, and finds out its format. Throws as reserveOutput and exportFormat do; and
 * E_USAGE for a directory without a name, and for bytes that a terminal cannot show.
 */
export async function reserveExport(options: {
  output: string | undefined;
  overwrite: boolean;
  format?: string | undefined;
}): Promise<ExportFile> {
  const { output: option, overwrite } = options;
  const path = option === '-' ? undefined : option;
  const format = exportFormat(options.format, path ?? null);
  if (!isFolder(format)) {
    const isText = format.compression === null && format.form !== 'parquet';
    if (path === undefined && !isText && process.stdout.isTTY)
      throw new DroverError('E_USAGE', 'This format cannot be shown on a terminal: name a file with -o.');
    return { ...reserveOutput(path, overwrite), format };
  }
  if (path === undefined) throw folderNeeded(format.form);
  await checkFolder(path, overwrite);
  return { path, overwrite, format, release: reserve(resolve(path), false, '-o') };
}

/**
 * Reserves the file of -o, or of another flag, so that no other command writes it meanwhile. A pipe or a
 * device is not reserved.
 * Throws E_FILE when it cannot be written, E_FILE_EXISTS when it has content and `overwrite` is false, and
 * E_FILE_BUSY while another command has reserved it.
 */
export function reserveOutput(option: string | undefined, overwrite: boolean, flag = '-o'): OutputFile {
  const nothing = { path: option ?? null, overwrite, release: () => undefined };
  if (option === undefined || option === '-') return { ...nothing, path: null };
  const found = look(option, flag);
  if (found?.isDirectory()) throw new DroverError('E_FILE', `${flag} ${option} is a directory.`);
  if (found && !found.isFile()) return nothing;
  if (found && found.size > 0 && !overwrite) throw new DroverError('E_FILE_EXISTS', `${flag} ${option}.`);
  return { ...nothing, release: reserve(option, found !== null, flag) };
}

function look(option: string, flag: string): Stats | null {
  try {
    const found = statSync(option, { throwIfNoEntry: false }) ?? null;
    if (found?.isFile()) accessSync(option, constants.W_OK);
    return found;
  } catch (cause) {
    throw diskError(cause, `${flag} ${option}`);
  }
}

/**
 * Takes a lock beside the file, which also shows whether its directory can be written. What killed commands
 * have begun there is removed.
 */
function reserve(option: string, isThere: boolean, flag: string): () => void {
  let lock = '';
  try {
    lock = `${isThere ? realpathSync(option) : option}.lock`;
    if (!takeLock(lock)) throw new DroverError('E_FILE_BUSY', `${flag} ${option}.`);
  } catch (cause) {
    throw diskError(cause, `${flag} ${option}`);
  }
  const renewal = setInterval(() => renew(lock), RENEW_MS).unref();
  const release = () => {
    clearInterval(renewal);
    process.off('exit', release);
    releaseLock(lock);
  };
  process.once('exit', release);
  removeLeftovers(lock.slice(0, -'.lock'.length));
  return release;
}

function renew(lock: string): void {
  try {
    utimesSync(lock, new Date(), new Date());
  } catch {
    // Somebody has removed it. Another command may then write the file, and the one that ends last is told.
  }
}

export interface WrittenRecords extends WrittenExport {
  /** How many records there are here, whether or not they match. */
  found: number;
  /** Why these are not all records of the crawl; null if they are. */
  missing: DroverError | null;
}

/** Writes a crawl's records to their place, or to standard output. Throws as writeExport does. */
export async function writeRecords(
  { fleet, stores }: StoreSession,
  crawl: string,
  output: RecordOutput,
  filter: RecordFilter = EVERY_RECORD,
): Promise<WrittenRecords> {
  const kept: KeptRecords = await lookUpRecords(fleet, crawl);
  const store = stores.at(kept.store);
  let missing: DroverError | null = null;
  let found = 0;
  const onFound = (requests: number) => {
    found = requests;
    missing = missingRecords(kept, requests, store);
  };
  const written = await writeExport(store.read(kept.folder, { filter, onFound }), output, filter);
  return { ...written, found, missing };
}

/** Writes all records of a crawl that has ended. What goes wrong is returned, because a summary follows. */
export async function writeOutput(
  session: StoreSession,
  crawl: string,
  output: ExportFile | null,
): Promise<{ output: { path: string; lines: number } | null; failure: unknown }> {
  if (output === null) return { output: null, failure: null };
  try {
    const { records, missing } = await writeRecords(session, crawl, output);
    return { output: { path: output.path ?? '-', lines: records }, failure: missing };
  } catch (failure) {
    return { output: null, failure };
  }
}
