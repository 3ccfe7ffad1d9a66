// The format of an export: by --format, or by the ending of its file.
import { basename } from 'node:path';
import { DroverError } from '../../errors.ts';

/** Forms of one file, and those that are a directory with a file for each page or body. */
export type FileForm = 'jsonl' | 'json' | 'csv' | 'parquet';
export type FolderForm = 'markdown' | 'bodies';
export type Form = FileForm | FolderForm;
export type Compression = 'gz' | 'zst';

export interface ExportFormat<F extends Form = Form> {
  readonly form: F;
  /** Null for Parquet, which compresses within, and for directories. */
  readonly compression: Compression | null;
}

/** Names of forms, for --format and as endings of files. */
const forms = new Map<string, Form>([
  ...(['jsonl', 'json', 'csv', 'parquet', 'markdown', 'bodies'] as const).map(
    (form) => [form, form] as const,
  ),
  ['ndjson', 'jsonl'],
  ['md', 'markdown'],
]);

/** Endings of formats that drover does not write. */
const others =
  /\.(tsv|xlsx?|ods|html?|xml|ya?ml|warc|wacz|pdf|zip|tar|tgz|7z|rar|bz2|xz|br|lz4|snappy|arrow|feather|avro|orc|sqlite|db)(\.(gz|zst))?$/i;

/** How --format is given, for help texts and errors. */
export const FORMAT_FORM = 'jsonl, json, csv, parquet, markdown or bodies';

/**
 * The format that was asked for. `asked`, the value of --format, goes before the ending of the file; `.gz`
 * and `.zst` at the end of either compress. Without both, it is JSON lines. Throws E_USAGE for a format or a
 * combination that there is not.
 */
export function exportFormat(asked: string | undefined, file: string | null): ExportFormat {
  const ending = takeApart(basename(file ?? ''));
  const [given, compression] =
    asked === undefined ? [ending.form, ending.compression] : formatAsked(asked, ending.compression);
  if (given === undefined && file !== null && others.test(file))
    throw new DroverError(
      'E_USAGE',
      `-o ${file}: drover writes no such format. Let the file end in .jsonl, .json, .csv, .parquet or .md, or add --format.`,
    );
  const form = given ?? 'jsonl';
  if (compression && form === 'parquet')
    throw new DroverError('E_USAGE', `A Parquet file is compressed within: leave out .${compression}.`);
  if (compression && isFolderForm(form))
    throw new DroverError('E_USAGE', `${form} makes a directory of files: leave out .${compression}.`);
  return { form, compression };
}

function formatAsked(asked: string, ofFile: Compression | null): [Form, Compression | null] {
  const { form, compression } = takeApart(`.${asked}`);
  if (form !== undefined) return [form, compression ?? ofFile];
  throw new DroverError(
    'E_USAGE',
    `--format: expected ${FORMAT_FORM}, the first three with .gz or .zst if they are to be compressed (got ${JSON.stringify(asked)}).`,
  );
}

/** `pages.csv.gz` is CSV in gzip. */
function takeApart(name: string): { form: Form | undefined; compression: Compression | null } {
  const [, rest = '', compression] = /^(.*?)(?:\.(gz|zst))?$/is.exec(name) ?? [];
  const ending = rest.slice(rest.lastIndexOf('.') + 1).toLowerCase();
  return {
    form: rest.includes('.') ? forms.get(ending) : undefined,
    compression: (compression?.toLowerCase() as Compression | undefined) ?? null,
  };
}

function isFolderForm(form: Form): form is FolderForm {
  return form === 'markdown' || form === 'bodies';
}

/** Whether the export is a directory. */
export function isFolder(format: ExportFormat): format is ExportFormat<FolderForm> {
  return isFolderForm(format.form);
}
