// drover results: writes the records of a crawl, or those that match a filter, each request once.
import { findCrawl } from '../src/crawl/crawl.ts';
import type { RecordFilter } from '../src/records/filter.ts';
import { hostKey } from '../src/url/host.ts';
import { EXIT } from './command/failures.ts';
import { reserveOutput, writeRecords } from './command/output-file.ts';
import { openSession } from './command/session.ts';
import type { ResultsOptions } from './options.ts';
import { counted } from './terminal/figures.ts';

/**
 * Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_USAGE, E_FILE, E_FILE_EXISTS, E_FILE_BUSY,
 * E_DISK_FULL; and E_RECORDS_MISSING after the records that are here have been written.
 */
export async function run(args: string[], options: ResultsOptions): Promise<number> {
  const filter = filterOf(options);
  const output = reserveOutput(options.output, options.overwrite);
  try {
    const session = await openSession(options.settings);
    try {
      const crawl = await findCrawl(session.fleet, args[0] ?? '');
      const { lines, missing } = await writeRecords(session, crawl, output, filter);
      if (output.path)
        process.stderr.write(`${counted(lines, 'record')} of crawl ${crawl} in ${output.path}\n`);
      if (missing) throw missing;
      return EXIT.recorded;
    } finally {
      await session.close();
    }
  } finally {
    output.release();
  }
}

/** Undefined when no option narrows the records down. */
function filterOf({ status, code, ok, host, url }: ResultsOptions): RecordFilter | undefined {
  if ([status, code, ok, host, url].every((given) => given === undefined)) return undefined;
  return {
    status: status ?? null,
    code: code ?? null,
    ok: ok ?? null,
    host: host === undefined ? null : hostKey(host),
    url: url ?? null,
  };
}
