// The commands for those who run a fleet: who is there.
import type { Command } from 'commander';
import { EVERY_COMMAND } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson } from '../options.ts';

/** Adds the commands. */
export function addOperations(program: Command): void {
  addProgram(
    program
      .command('fleet')
      .summary('show the consumers of the fleet')
      .description(
        'Lists the consumers that run, with their machine, process, version and load, and those that have stopped or vanished in the last ten minutes.',
      ),
    { own: asJson, settings: EVERY_COMMAND },
    () => import('./fleet.ts'),
  );
}
