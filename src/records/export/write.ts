// Writes records to a file, a directory or standard output, in any format.
import { DroverError } from '../../errors.ts';
import type { CrawlRecord } from '../../record.ts';
import { everyField, type Field } from '../fields.ts';
import type { RecordFilter } from '../filter.ts';
import { type RecordPiece, recordLines } from '../store.ts';
import type { WrittenFolder } from './bodies.ts';
import { recordsAsCsv } from './csv.ts';
import { type ExportFormat, type FileForm, type FolderForm, isFolder } from './format.ts';
import { asArray, asLines, withFields } from './json.ts';
import { counting, writeParts } from './output.ts';
import { asParquet } from './parquet.ts';

/** The records in JSON as one file of this form. `fields` null: all fields, or the usual columns of CSV. */
export function recordsAs(
  form: FileForm,
  records: AsyncIterable<string>,
  fields: readonly Field[] | null,
): AsyncIterable<string | Uint8Array> {
  switch (form) {
    case 'jsonl':
      return asLines(withFields(records, fields));
    case 'json':
      return asArray(withFields(records, fields));
    case 'csv':
      return recordsAsCsv(records, fields);
    case 'parquet':
      return asParquet(parsed(records), fields ?? everyField({ isDeep: true }));
    default:
      return form satisfies never;
  }
}

async function* parsed(
  records: AsyncIterable<string>,
): AsyncGenerator<{ row: CrawlRecord; characters: number }> {
  for await (const json of records) yield { row: JSON.parse(json) as CrawlRecord, characters: json.length };
}

export interface RecordOutput {
  readonly format: ExportFormat;
  /** Null for standard output. */
  readonly path: string | null;
  readonly overwrite: boolean;
  /** The fields that were asked for; null for all, or the usual columns of CSV. */
  readonly fields?: readonly Field[] | null;
}

/** What was written. A directory may have no file for some of the records. */
export interface WrittenExport {
  /** Records, or the files of a directory. */
  records: number;
  leftOut: WrittenFolder['leftOut'];
}

/**
 * Writes records in the format, complete or not at all. `filter` is the one that they passed. Stops
 * if the reader of standard output goes away. Throws E_USAGE, E_FILE, E_FILE_EXISTS, E_DISK_FULL.
 */
export async function writeExport(
  pieces: AsyncIterable<RecordPiece>,
  output: RecordOutput,
  filter: RecordFilter,
): Promise<WrittenExport> {
  const { format, path, overwrite, fields = null } = output;
  if (isFolder(format)) {
    if (path === null) throw folderNeeded(format.form);
    const { files, leftOut } = await writeFolder(recordLines(pieces), path, format.form, overwrite, filter);
    return { records: files, leftOut };
  }
  const { form, compression } = format as ExportFormat<FileForm>;
  const counter = { count: 0 };
  // Whole records are kept as they are written, so their bytes go through. A compressor would still read a
  // piece when the next one takes its place.
  const isAsKept = form === 'jsonl' && fields === null && compression === null;
  const parts = isAsKept
    ? bytesOf(pieces, counter)
    : recordsAs(form, counting(recordLines(pieces), counter), fields);
  await writeParts(path, parts, { overwrite, compression });
  return { records: counter.count, leftOut: {} };
}

async function* bytesOf(
  pieces: AsyncIterable<RecordPiece>,
  counter: { count: number },
): AsyncGenerator<Uint8Array> {
  for await (const { bytes, lines } of pieces) {
    counter.count += lines;
    yield bytes;
  }
}

/** Loads what a directory needs when there is one to write. */
async function writeFolder(
  records: AsyncIterable<string>,
  path: string,
  form: FolderForm,
  overwrite: boolean,
  filter: RecordFilter,
): Promise<WrittenFolder> {
  if (form === 'bodies') return (await import('./bodies.ts')).writeBodies(records, path, overwrite);
  const { writeMarkdown } = await import('./markdown/write.ts');
  const withFailed = filter.status !== null || filter.ok === false || filter.code !== null;
  return writeMarkdown(records, path, { overwrite, withFailed });
}

/** A directory cannot be standard output. */
export function folderNeeded(form: string): DroverError {
  return new DroverError('E_USAGE', `--format ${form} makes a directory: give its name with -o.`);
}
