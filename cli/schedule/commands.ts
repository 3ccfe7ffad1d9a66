// The command drover schedule … with its subcommands: crawls that begin by the clock.
import type { Command } from 'commander';
import { EVERY_COMMAND as settings } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson } from '../options.ts';
import { addScheduleOptions } from './options.ts';

/** Adds the command and its subcommands. */
export function addSchedules(program: Command): void {
  const schedule = program
    .command('schedule')
    .summary('begin crawls by the clock: add, list, remove and run schedules')
    .description(
      'Consumers (drover consume, drover serve) start the runs. Without a subcommand, lists them.',
    );
  addProgram(
    schedule
      .command('add')
      .summary('add a schedule')
      .description(
        'At each due time a crawl NAME begins with these seeds and options, unless the former one goes on. Lists are read now. Without seeds, each run is the next one of the crawl NAME, as with --again. Pages are asked for only if they have changed since the run before.',
      )
      .argument(
        '<cron>',
        'minute, hour, day, month and weekday, such as "0 3 * * *"; with seconds in front if six',
      )
      .argument('<name>', 'name of the schedule and of its crawls')
      .argument('[seeds...]', 'URLs, files with one URL or JSON request a line, or - for standard input'),
    { own: addScheduleOptions, settings: ['crawl', ...settings] },
    () => import('./add.ts'),
  );
  addProgram(
    schedule.command('list', { isDefault: true }).summary('list schedules, their next and last runs'),
    { own: asJson, settings },
    () => import('./list.ts'),
  );
  addProgram(
    schedule
      .command('remove')
      .summary('remove a schedule; a crawl that it began goes on')
      .argument('<name>', 'its name'),
    { own: asJson, settings },
    () => import('./remove.ts'),
  );
  addProgram(
    schedule
      .command('run')
      .summary('start a run now, unless the former one goes on')
      .argument('<name>', 'its name'),
    { own: asJson, settings },
    () => import('./run.ts'),
  );
}
