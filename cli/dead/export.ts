// drover dead export: dead letters as JSON lines, or as a table for a spreadsheet.
import { type DeadFormat, writeDead } from '../../src/dead/export.ts';
import { DroverError } from '../../src/errors.ts';
import { EXIT } from '../command/failures.ts';
import { outputFile } from '../command/output-file.ts';
import { counted } from '../terminal/figures.ts';
import { deadFilter } from './filter.ts';
import { withDead } from './session.ts';

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_USAGE, E_SETTING, E_FILE, E_DISK_FULL. */
export async function run(args: string[], options: Record<string, unknown>): Promise<number> {
  const format = formatOf(options.format);
  const given = outputFile(options.output);
  const file = given === '-' ? null : given;
  return withDead(options, async (session, queue) => {
    const filter = await deadFilter(session, queue, args[0], options);
    const letters = await writeDead(session.fleet, queue, filter, format, file);
    if (file && options.json) process.stdout.write(`${JSON.stringify({ letters, file })}\n`);
    else if (file) process.stderr.write(`${counted(letters, 'dead letter')} in ${file}\n`);
    return EXIT.recorded;
  });
}

function formatOf(option: unknown): DeadFormat {
  if (option === 'ndjson' || option === 'csv') return option;
  throw new DroverError('E_USAGE', `--format: expected ndjson or csv (got ${JSON.stringify(option)}).`);
}
