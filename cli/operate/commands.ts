// The commands for those who run a fleet: who is there, backup, restore, another number of shards.
import type { Command } from 'commander';
import { EVERY_COMMAND } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson } from '../options.ts';
import { backupOptions, restoreOptions } from './options.ts';

/** Adds the commands. */
export function addOperations(program: Command): void {
  addProgram(
    program
      .command('fleet')
      .summary('show who takes part in the fleet')
      .description(
        'Lists the consumers and servers that run, with their machine, process, version and load, and those that have stopped or vanished in the last ten minutes.',
      ),
    { own: asJson, settings: EVERY_COMMAND },
    () => import('./fleet.ts'),
  );
  addProgram(
    program
      .command('backup')
      .summary('write all that the fleet keeps in Redis to a file or a bucket')
      .description(
        'Writes crawls, frontier, seen sets, queue and dead letters as they are at one moment, while the fleet works; its writes wait for a few milliseconds. Records are not in Redis: back up their store too (docs/operate/BACKUP.md).',
      )
      .argument('<place>', 'a file, or s3://bucket/prefix'),
    { own: backupOptions, settings: EVERY_COMMAND },
    () => import('./backup.ts'),
  );
  addProgram(
    program
      .command('restore')
      .summary('bring a backup into the namespace of a Redis')
      .description(
        'Checks the backup whole, then writes it into an empty namespace of this Redis, of the same version as the former one or a later one. Consumers go on there when they are started. A restore that was cut off can be given again.',
      )
      .argument('<place>', 'a file, or s3://bucket/prefix'),
    { own: restoreOptions, settings: EVERY_COMMAND },
    () => import('./restore.ts'),
  );
  addProgram(
    program
      .command('reshard')
      .summary('spread a namespace at rest over another number of shards')
      .description(
        'Moves hosts with their requests, dead letters and limits to the shards that are to have them, without losing or repeating any. Its consumers, servers and producers must have been stopped. When it is cut off, no other command opens the namespace until the same one has completed it (docs/operate/SHARDS.md).',
      )
      .argument('<n>', 'how many shards: 1, 2, 4 … 64'),
    { own: asJson, settings: EVERY_COMMAND },
    () => import('./reshard.ts'),
  );
}
