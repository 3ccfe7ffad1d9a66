// The command that runs consumers until it is stopped.
import type { Command } from 'commander';
import { EVERY_COMMAND } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { consumeOptions, shownOptions } from '../options.ts';

export function addConsume(program: Command): void {
  addProgram(
    program
      .command('consume')
      .summary('fetch what is in the queue until stopped')
      .description(
        'Runs a consumer, or several, until stopped by Ctrl-C or SIGTERM, or as --drain-after says.',
      ),
    { own: consumeOptions, settings: ['runner', 'consumer', ...EVERY_COMMAND], last: shownOptions },
    () => import('../consume.ts'),
  );
}
