// drover compare: runs URLs and a handler on the event loop, on threads and hybrid, and recommends one.
import { writeFile } from 'node:fs/promises';
import { type Comparison, compare } from '../../src/compare/compare.ts';
import { comparisonSvg } from '../../src/compare/svg.ts';
import { readSettings } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import { DroverError } from '../../src/errors.ts';
import { EXIT } from '../command/failures.ts';
import { reserveOutput } from '../command/output-file.ts';
import type { CompareOptions } from '../options.ts';
import { createStepLine } from '../terminal/step-line.ts';
import { readSample } from './read-sample.ts';
import { comparisonText } from './text.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Resolves with the exit code. Throws E_USAGE, E_FILE, E_HANDLER_FILE, E_COMPARE. */
export async function run(_args: string[], options: CompareOptions): Promise<number> {
  const settings = await readSettings(options.settings);
  const { urls, plot } = options;
  if (urls === undefined || settings.handlers.length === 0)
    throw new DroverError('E_USAGE', 'drover compare needs URLs and a handler: --urls FILE --handler FILE.');
  const plotFile = reserveOutput(plot, options.overwrite, '--plot');
  const { requests, badLines } = await readSample(urls, options, settings, say);
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const steps = createStepLine(process.stderr, options.quiet);
  const found = await compare({
    ...{ requests, settings, signal: stopped.signal, onStep: steps.show },
    ...{ isReplica: options.replica, budgetMs: options.budget, concurrencies: options.concurrencies ?? null },
    threads: options.settings.threads === undefined ? null : settings.threads,
    most: options.settings.concurrency === undefined ? null : settings.concurrency,
  }).finally(() => {
    steps.clear();
    plotFile.release();
  });
  if (found === null) return EXIT.interrupted;
  if (plot !== undefined) await writeFile(plot, comparisonSvg(found));
  print(found, options, settings);
  return badLines > 0 ? EXIT.usage : EXIT.recorded;
}

function print(found: Comparison, { json, quiet, plot }: CompareOptions, { handlers }: Settings): void {
  if (json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else
    process.stdout.write(
      comparisonText(found, {
        handlers: handlers.map(String),
        colour: process.stdout.hasColors?.() ?? false,
      }),
    );
  if (plot !== undefined && !quiet) say(`the plot is in ${plot}`);
}
