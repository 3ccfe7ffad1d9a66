// The command drover dead … with its subcommands: dead letters, and what can be done with them.
import type { Command } from 'commander';
import { EVERY_COMMAND as settings } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson } from '../options.ts';
import { exportOptions, listLettersOptions, purgeOptions, replayOptions, summaryOptions } from './options.ts';

/** Adds the command and its subcommands. */
export function addDead(program: Command): void {
  const dead = program
    .command('dead')
    .summary('dead letters: what failed for good, and why')
    .description('Shows, replays, exports and deletes dead letters.');
  addLookers(dead);
  addReplay(dead);
  addProgram(
    filtered(dead.command('export').summary('write dead letters with all details, one per line')),
    { own: exportOptions, settings },
    () => import('./export.ts'),
  );
  addProgram(
    filtered(dead.command('purge').summary('delete dead letters for good, after exporting them')).description(
      'Writes the letters to purged/ in the data directory, then deletes them. The counters of their crawls stay.',
    ),
    { own: purgeOptions, settings },
    () => import('./purge.ts'),
  );
}

function addLookers(dead: Command): void {
  addProgram(
    filtered(dead.command('list').summary('list dead letters, newest first')),
    { own: listLettersOptions, settings },
    () => import('./list.ts'),
  );
  addProgram(
    dead
      .command('show')
      .summary('show one dead letter: its request, every attempt, what to try')
      .argument('<letter>', 'id of the letter, as dead list shows it, or its URL'),
    { own: asJson, settings },
    () => import('./show.ts'),
  );
  addProgram(
    filtered(dead.command('summary').summary('count dead letters by error and host')),
    { own: summaryOptions, settings },
    () => import('./summary.ts'),
  );
}

function addReplay(dead: Command): void {
  addProgram(
    filtered(
      dead
        .command('replay')
        .summary('try dead letters again')
        .description(
          'Makes dead letters waiting requests again, with all their attempts. Consumers fetch them, or the crawl command when it is run again. Of each error at each host, some letters are tried first, and the rest only when enough of those are recorded. The replay goes on after this command has ended.',
        ),
    ),
    { own: replayOptions, settings },
    () => import('./replay.ts'),
  );
  addProgram(
    dead
      .command('replays')
      .summary('list replays: running ones and those of the last week')
      .argument('[replay]', 'id of one replay'),
    { own: asJson, settings },
    () => import('./replays.ts'),
  );
  addProgram(
    dead
      .command('stop')
      .summary('stop a replay')
      .argument('<replay>', 'id of the replay, as dead replays shows it'),
    { own: asJson, settings },
    () => import('./stop.ts'),
  );
}

/** Adds the argument of a command that has filterOptions. */
function filtered(command: Command): Command {
  return command.argument('[crawl]', 'only letters of this crawl (its name or id), or one letter (its id)');
}
