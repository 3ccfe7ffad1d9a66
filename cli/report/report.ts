// drover report: what is wrong with a crawled site, on the terminal or as a file.
import { findCrawl } from '../../src/crawl/crawl.ts';
import { DroverError } from '../../src/errors.ts';
import { writeParts } from '../../src/records/export/output.ts';
import { faultsOf, type Kind, kinds } from '../../src/report/kinds.ts';
import { reportOnCrawl } from '../../src/report/of-crawl.ts';
import { EXIT } from '../command/failures.ts';
import { endOnSignals } from '../command/interrupt.ts';
import { reserveOutput } from '../command/output-file.ts';
import { openStoreSession } from '../command/store-session.ts';
import type { ReportOptions } from '../options.ts';
import { reportFormat, reportIn } from './format.ts';

/**
 * Resolves with the exit code: 1 when there is a finding of a kind of --fail-on. Throws E_CRAWL_UNKNOWN,
 * E_USAGE, E_FILE, E_FILE_EXISTS, E_FILE_BUSY, E_DISK_FULL; and E_RECORDS_MISSING after the report of the
 * records that are here.
 */
export async function run(args: string[], options: ReportOptions): Promise<number> {
  const { failOn = [], slow, heavy, similar, overwrite } = options;
  const format = reportFormat(options);
  const output = reserveOutput(options.output, overwrite);
  endOnSignals();
  try {
    const session = await openStoreSession(options.settings);
    try {
      const crawl = await findCrawl(session.fleet, args[0] ?? '');
      const thresholds = { slowMs: slow, heavyBytes: heavy, similar };
      const { report, missing } = await reportOnCrawl(session, crawl, thresholds);
      await writeParts(output.path, reportIn(format, report), { overwrite });
      if (output.path !== null || format !== 'text')
        for (const note of report.notes) process.stderr.write(`${note}\n`);
      if (missing) throw missing;
      checkTold(failOn, report.cannotTell);
      const found = failOn.filter((kind) => faultsOf(report, kind) > 0);
      if (found.length === 0) return EXIT.recorded;
      const counts = found.map((kind) => `${faultsOf(report, kind)} ${kinds[kind].failOn}`);
      process.stderr.write(`--fail-on: ${counts.join(', ')}\n`);
      return EXIT.dead;
    } finally {
      await session.close();
    }
  } finally {
    output.release();
  }
}

/** Of what cannot be told, nobody may believe that there is none. */
function checkTold(failOn: readonly Kind[], cannotTell: readonly Kind[]): void {
  const kind = failOn.find((one) => cannotTell.includes(one));
  if (kind)
    throw new DroverError(
      'E_USAGE',
      `--fail-on ${kinds[kind].failOn}: this crawl cannot tell. The notes of the report say why.`,
    );
}
