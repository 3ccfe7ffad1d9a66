// drover dead export: writes dead letters as JSON lines, or as a table for a spreadsheet.
import { writeDead } from '../../src/dead/export.ts';
import { deadJobsOn } from '../../src/dead/shards/letters.ts';
import { EXIT } from '../command/failures.ts';
import { endOnSignals } from '../command/interrupt.ts';
import { reserveOutput } from '../command/output-file.ts';
import { counted } from '../terminal/figures.ts';
import { deadFilter } from './filter.ts';
import type { ExportOptions } from './options.ts';
import { withDead } from './session.ts';

/**
 * Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_USAGE, E_SETTING, E_FILE, E_FILE_EXISTS,
 * E_FILE_BUSY, E_DISK_FULL.
 */
export async function run(args: string[], options: ExportOptions): Promise<number> {
  endOnSignals();
  const output = reserveOutput(options.output, options.overwrite);
  const { path: file, overwrite } = output;
  return withDead(options.settings, async (session, shards) => {
    const filter = await deadFilter(session, shards, args[0], options);
    const letters = await writeDead(deadJobsOn(shards, filter), options.format, file, overwrite);
    if (file && options.json) process.stdout.write(`${JSON.stringify({ letters, file })}\n`);
    else if (file) process.stderr.write(`${counted(letters, 'dead letter')} in ${file}\n`);
    return EXIT.recorded;
  }).finally(output.release);
}
