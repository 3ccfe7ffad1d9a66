// The commands that steer crawls, and the fleet as a whole.
import type { Command } from 'commander';
import { EVERY_COMMAND } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson, type LookOptions } from '../options.ts';

interface Steerer {
  run(args: string[], options: LookOptions): Promise<number>;
}

/** Adds pause, resume, cancel and drain. */
export function addSteerers(program: Command): void {
  const steer = (name: string, summary: string, description: string, load: () => Promise<Steerer>) => {
    const [word = '', argument] = name.split(' ');
    const command = program.command(word).summary(summary).description(description);
    if (argument) command.argument(argument, 'name or id');
    addProgram(command, { own: asJson, settings: EVERY_COMMAND }, load);
  };
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
    'Consumers of all crawls take no more jobs, finish those in hand and stay. Returns when none is in hand. Requests can still be offered; they wait. The fleet goes on with drover resume.',
    () => import('./drain.ts'),
  );
}
