// The commands that steer crawls and remove them, and those that steer the fleet as a whole.
import type { Command } from 'commander';
import { OWN_COMMAND } from '../command/own-command.ts';
import { EVERY_COMMAND } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson, forgetOptions, type LookOptions, purgeCrawlsOptions } from '../options.ts';

interface Steerer {
  run(args: string[], options: LookOptions): Promise<number>;
}

/** Adds forget, purge, pause, resume, cancel and drain. */
export function addSteerers(program: Command): void {
  const steer = (name: string, summary: string, description: string, load: () => Promise<Steerer>) => {
    const [word = '', argument] = name.split(' ');
    const command = program.command(word).summary(summary).description(description);
    if (argument) command.argument(argument, 'name or id');
    addProgram(command, { own: asJson, settings: EVERY_COMMAND }, load);
  };
  addProgram(
    program
      .command('forget')
      .summary('remove what ended crawls keep in Redis')
      .description(
        'Removes the seen set, the counters, the settings and the dead letters of crawls that have ended; dead letters are exported first. Records on disk stay, unless --records is given. A crawl that has not ended must be cancelled first.',
      )
      .argument('<crawl...>', 'names or ids'),
    { own: forgetOptions, settings: EVERY_COMMAND },
    () => import('../forget.ts'),
  );
  addProgram(
    program
      .command('purge')
      .summary('delete old crawls with their records, or bodies of records')
      .description(
        'Shows which crawls, how many records and how much space would go, and asks. With --older-than and --keep, a crawl goes when both say so. Dead letters are exported first. A purge that was cut off goes on when it is given again.',
      ),
    { own: purgeCrawlsOptions, settings: EVERY_COMMAND },
    () => import('../purge/purge.ts'),
  );
  steer(
    'pause <crawl>',
    'pause a crawl',
    'Fetches in flight are completed; no other fetch of the crawl starts until it is resumed. Seeds can still be offered to it.',
    () => import('./pause.ts'),
  );
  steer(
    'resume [crawl]',
    'resume a paused crawl, or a drained fleet',
    'Consumers fetch the waiting requests of a paused crawl again. Without a crawl, a fleet that was drained takes jobs again.',
    () => import('./resume.ts'),
  );
  steer(
    'cancel <crawl>',
    'end a crawl at once',
    'Fetches in flight are completed. Waiting requests are dropped and never fetched. Records, counters and dead letters are kept. This cannot be undone.',
    () => import('./cancel.ts'),
  );
  steer(
    'drain',
    'let consumers finish what they have, before Redis is switched',
    `Consumers of all crawls take no more jobs, finish those in hand and stay. Returns when none is in hand. Requests can still be offered; they wait. The fleet goes on with ${OWN_COMMAND} resume.`,
    () => import('./drain.ts'),
  );
}
