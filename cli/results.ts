// drover results: writes the records of a crawl, or those that match a filter, each request once.
import { findCrawl } from '../src/crawl/crawl.ts';
import { DroverError } from '../src/errors.ts';
import { exportFormat } from '../src/records/export/format.ts';
import { type Field, readFields } from '../src/records/fields.ts';
import { type RecordFilter, readFilter } from '../src/records/filter.ts';
import { EXIT } from './command/failures.ts';
import { endOnSignals } from './command/interrupt.ts';
import { reserveExport, type WrittenRecords, writeRecords } from './command/output-file.ts';
import { timeOf } from './command/since.ts';
import { openStoreSession } from './command/store-session.ts';
import type { ResultsOptions } from './options.ts';
import { counted } from './terminal/figures.ts';

/**
 * Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_USAGE, E_FILE, E_FILE_EXISTS, E_FILE_BUSY,
 * E_DISK_FULL; and E_RECORDS_MISSING after the records that are here have been written.
 */
export async function run(args: string[], options: ResultsOptions): Promise<number> {
  const filter = filterOf(options);
  const fields = fieldsOf(options);
  const output = await reserveExport(options);
  endOnSignals();
  try {
    const session = await openStoreSession(options.settings);
    try {
      const crawl = await findCrawl(session.fleet, args[0] ?? '');
      const written = await writeRecords(session, crawl, { ...output, fields }, filter);
      const summary = summaryOf(written, crawl, output.path);
      if (summary) process.stderr.write(`${summary}\n`);
      if (written.missing) throw written.missing;
      return EXIT.recorded;
    } finally {
      await session.close();
    }
  } finally {
    output.release();
  }
}

/** Null: all of them. Throws E_USAGE for what is no field, and where there are none. */
function fieldsOf({ fields, format, output }: ResultsOptions): Field[] | null {
  if (fields === undefined) return null;
  const { form } = exportFormat(format, output ?? null);
  if (form === 'markdown' || form === 'bodies')
    throw new DroverError('E_USAGE', `--fields: ${form} has none to choose from. Leave it out.`);
  return readFields(fields, '--fields');
}

/** Throws E_USAGE for a value that cannot be meant. */
function filterOf({ status, ok, failed, code, host, label, type, url, since }: ResultsOptions): RecordFilter {
  if (ok && failed) throw new DroverError('E_USAGE', '--ok and --failed together leave no record.');
  const given = {
    ...{ status, code, host, label, type, url },
    ok: ok ? true : failed ? false : undefined,
    since: since === undefined ? undefined : timeOf(since),
  };
  return readFilter(given, (field, says) => new DroverError('E_USAGE', `--${field}: ${says}`));
}

/**
 * What stands in the file; for standard output only why it stays empty. Null when there is nothing to say.
 */
function summaryOf(
  { records, found, leftOut }: WrittenRecords,
  crawl: string,
  path: string | null,
): string | null {
  if (path === null)
    return records === 0 && found > 0
      ? `none of the ${counted(found, 'record')} of crawl ${crawl} matches`
      : null;
  const of = records === found ? counted(records, 'record') : `${records} of ${counted(found, 'record')}`;
  const others = Object.entries(leftOut).map(([why, count]) => `; ${count} ${why}`);
  return `${of} of crawl ${crawl} in ${path}${others.join('')}`;
}
