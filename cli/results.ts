// drover results: writes the records of a crawl, each request once.
import { join } from 'node:path';
import { findCrawl, findRecordsFolder } from '../src/crawl/crawl.ts';
import { writeResults } from '../src/records/read/read.ts';
import { EXIT } from './command/failures.ts';
import { openSession } from './command/session.ts';
import type { ResultsOptions } from './options.ts';

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_FILE, E_DISK_FULL. */
export async function run(args: string[], options: ResultsOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    const crawl = await findCrawl(session.fleet, args[0] ?? '');
    const recordsFolder = await findRecordsFolder(session.fleet, crawl);
    const output = options.output ?? null;
    const { lines } = await writeResults(join(session.settings.dataDir, 'records'), recordsFolder, output);
    if (output) process.stderr.write(`${lines} records of crawl ${crawl} in ${output}\n`);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
