// The command drover changes.
import type { Command } from 'commander';
import { EVERY_COMMAND } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { changesOptions } from './options.ts';

/** Adds the command. */
export function addChanges(program: Command): void {
  addProgram(
    program
      .command('changes')
      .summary('list what differs between two runs of a crawl: new, changed, gone, back')
      .description(
        'Compares the records of two runs and fetches nothing. Without --from and --to, these are the newest run that has finished and the one before.',
      )
      .argument('<crawl>', 'name of the crawl, or id of its newer run'),
    { own: changesOptions, settings: EVERY_COMMAND },
    () => import('./changes.ts'),
  );
}
