// drover items: writes what handlers emitted for the pages of a crawl.
import { findCrawl } from '../src/crawl/crawl.ts';
import { lookUpRecords, missingRecords } from '../src/crawl/kept-records.ts';
import { DroverError } from '../src/errors.ts';
import { printable } from '../src/printable.ts';
import { type ExportFormat, type FileForm, isFolder } from '../src/records/export/format.ts';
import { writeItems } from '../src/records/export/items.ts';
import { recordLines } from '../src/records/store.ts';
import { EXIT } from './command/failures.ts';
import { endOnSignals } from './command/interrupt.ts';
import { type ExportFile, reserveExport } from './command/output-file.ts';
import { OWN_COMMAND } from './command/own-command.ts';
import { openStoreSession } from './command/store-session.ts';
import type { ItemsOptions } from './options.ts';
import { counted } from './terminal/figures.ts';

/**
 * Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_FILE, E_FILE_EXISTS, E_FILE_BUSY, E_DISK_FULL; and
 * E_RECORDS_MISSING after the items that are here have been written.
 */
export async function run(args: string[], options: ItemsOptions): Promise<number> {
  const output = await reserveExport(options);
  const { format } = output;
  if (isFolder(format))
    throw new DroverError(
      'E_USAGE',
      `--format: items are written as jsonl, json, csv or parquet (got ${format.form}).`,
    );
  endOnSignals();
  return writeThem(args[0] ?? '', options, output).finally(output.release);
}

async function writeThem(name: string, options: ItemsOptions, output: ExportFile): Promise<number> {
  const { of: handler = null } = options;
  const { overwrite, path: file } = output;
  const format = output.format as ExportFormat<FileForm>; // run has refused others
  const session = await openStoreSession(options.settings);
  const { fleet, stores } = session;
  try {
    const crawl = await findCrawl(fleet, name);
    const kept = await lookUpRecords(fleet, crawl);
    const store = stores.at(kept.store);
    let missing: DroverError | null = null;
    const onFound = (requests: number) => {
      missing = missingRecords(kept, requests, store);
    };
    const records = () => recordLines(store.read(kept.folder, { onFound }));
    const items = await writeItems(records, { format, handler, file, overwrite });
    if (file !== null) process.stderr.write(`${counted(items, 'item')} of crawl ${crawl} in ${file}\n`);
    if (items === 0 && handler !== null)
      process.stderr.write(
        `No handler ${printable(handler)} has emitted items in crawl ${crawl}; ${OWN_COMMAND} status ${crawl} names those that have.\n`,
      );
    if (missing) throw missing;
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
