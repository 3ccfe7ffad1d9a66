// drover dead …: what failed for good, and what can be done with it.
import type { Command } from 'commander';
import { EVERY_COMMAND as settings } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson } from '../options.ts';
import { exportOptions, listOptions, purgeOptions, replayOptions, summaryOptions } from './options.ts';

/** Adds the command and its subcommands. */
export function addDead(program: Command): void {
  const dead = program
    .command('dead')
    .summary('the dead letters: what failed for good, and why')
    .description('Looks at dead letters, tries them again, exports them, drops them.');
  addLookers(dead);
  addReplay(dead);
  addProgram(
    filtered(dead.command('export').summary('all that is known of them, as lines')),
    { own: exportOptions, settings },
    () => import('./export.ts'),
  );
  addProgram(
    filtered(dead.command('purge').summary('drop them for good, exported first')).description(
      'Writes the letters to purged/ in the data directory, then drops them. What their crawls counted stays.',
    ),
    { own: purgeOptions, settings },
    () => import('./purge.ts'),
  );
}

function addLookers(dead: Command): void {
  addProgram(
    filtered(dead.command('list').summary('list them, the newest first')),
    { own: listOptions, settings },
    () => import('./list.ts'),
  );
  addProgram(
    dead
      .command('show')
      .summary('one of them: its request, every attempt, what to try')
      .argument('<letter>', 'its id, as drover dead list shows it, or its URL'),
    { own: asJson, settings },
    () => import('./show.ts'),
  );
  addProgram(
    filtered(dead.command('summary').summary('how many there are of each error at each host')),
    { own: summaryOptions, settings },
    () => import('./summary.ts'),
  );
}

function addReplay(dead: Command): void {
  addProgram(
    filtered(
      dead
        .command('replay')
        .summary('try them again')
        .description(
          'Makes dead letters waiting requests again, with all their attempts before them; consumers, or the crawl command run again, fetch them. Of each error at each host some go first, and the rest only when those come through. It goes on when this command is gone.',
        ),
    ),
    { own: replayOptions, settings },
    () => import('./replay.ts'),
  );
  addProgram(
    dead
      .command('replays')
      .summary('how replays stand: those at work and those of the last week')
      .argument('[replay]', 'id of one'),
    { own: asJson, settings },
    () => import('./replays.ts'),
  );
  addProgram(
    dead
      .command('stop')
      .summary('bring nothing more of a replay back')
      .argument('<replay>', 'its id, as drover dead replays shows it'),
    { own: asJson, settings },
    () => import('./stop.ts'),
  );
}

/** Of a command that takes the options of filterOptions. */
function filtered(command: Command): Command {
  return command.argument('[crawl]', 'of one crawl (its name or id), or one letter (its id)');
}
