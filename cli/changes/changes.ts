// drover changes: what differs between two runs of a crawl, on the terminal or as a file.
import { everyChangeKind } from '../../src/changes/kinds.ts';
import { changesOfRuns, type RunChanges } from '../../src/changes/of-runs.ts';
import { changesAsCsv, changesAsJson } from '../../src/changes/text-forms.ts';
import { writeParts } from '../../src/records/export/output.ts';
import { EXIT } from '../command/failures.ts';
import { endOnSignals } from '../command/interrupt.ts';
import { reserveOutput } from '../command/output-file.ts';
import { openStoreSession } from '../command/store-session.ts';
import { changesText } from './changes-text.ts';
import type { ChangesOptions } from './options.ts';
import { type ChangesFormat, changesFormat } from './read-options.ts';

/** Bytes of texts that are kept aside in a file without a name. */
const MOST_TEXT_BYTES = 4 * 1024 ** 3;

/**
 * Resolves with the exit code: 1 when there is a change of a kind of --fail-on. Throws E_CRAWL_UNKNOWN,
 * E_CRAWL_OPEN, E_RUN_NONE, E_USAGE, E_FILE, E_FILE_EXISTS, E_FILE_BUSY, E_DISK_FULL; and E_RECORDS_MISSING
 * after the changes of the records that are here.
 */
export async function run(args: string[], options: ChangesOptions): Promise<number> {
  const { from, to, failOn = [], kind: kinds = everyChangeKind, diff, ignore, overwrite } = options;
  const format = changesFormat(options);
  const output = reserveOutput(options.output, overwrite);
  endOnSignals();
  try {
    const session = await openStoreSession(options.settings);
    try {
      const changes = await changesOfRuns(
        session,
        { crawl: args[0] ?? '', from, to },
        {
          ...{ kinds, diff, ignore, textOnly: options.textOnly || ignore !== null },
          ...{ mostTextBytes: MOST_TEXT_BYTES, mostDiffMs: Number.POSITIVE_INFINITY },
        },
      );
      await writeParts(output.path, changesIn(format, changes, output.path === null), { overwrite });
      changes.close();
      if (output.path !== null || format !== 'text')
        for (const note of changes.notes) process.stderr.write(`${note}\n`);
      if (changes.missing) throw changes.missing;
      const found = failOn.filter((one) => changes.counts[one] > 0);
      if (found.length === 0) return EXIT.recorded;
      process.stderr.write(`--fail-on: ${found.map((one) => `${changes.counts[one]} ${one}`).join(', ')}\n`);
      return EXIT.dead;
    } finally {
      await session.close();
    }
  } finally {
    output.release();
  }
}

async function* changesIn(
  format: ChangesFormat,
  changes: RunChanges,
  isShown: boolean,
): AsyncGenerator<string> {
  const { stdout } = process;
  const terminal = isShown && stdout.isTTY ? { columns: stdout.columns ?? 80 } : null;
  if (format === 'json') yield* changesAsJson(changes);
  else if (format === 'csv') yield* changesAsCsv(changes);
  else
    yield* changesText(changes, { terminal, colour: terminal !== null && (stdout.hasColors?.() ?? false) });
}
