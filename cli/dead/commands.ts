// drover dead …: what failed for good, and what can be done with it.
import type { Command } from 'commander';

type Run = (args: string[], options: Record<string, unknown>) => Promise<number>;
type Look = (command: Command) => Command;
type AddRun = (command: Command, load: () => Promise<{ run: Run }>) => void;

/** Adds the command and its subcommands; `run` gives a command its program, `look` the options of all that look at a fleet. */
export function addDead(program: Command, look: Look, run: AddRun): void {
  const dead = program
    .command('dead')
    .summary('the dead letters: what failed for good, and why')
    .description('Looks at dead letters, tries them again, exports them, drops them.');
  addDeadLookers(dead, look, run);
  addReplay(dead, look, run);
  run(
    look(
      filtered(dead.command('export').summary('all that is known of them, as lines'))
        .option('--format <ndjson|csv>', 'JSON lines, or a table for a spreadsheet', 'ndjson')
        .option('-o, --output <file>', 'write them there, whole or not at all, instead of standard output'),
    ),
    () => import('./export.ts'),
  );
  run(
    look(
      filtered(dead.command('purge').summary('drop them for good, exported first'))
        .description(
          'Writes the letters to purged/ in the data directory, then drops them. What their crawls counted stays.',
        )
        .option('--all', 'all there are')
        .option('--no-export', 'drop them without a trace'),
    ),
    () => import('./purge.ts'),
  );
}

function addDeadLookers(dead: Command, look: Look, run: AddRun): void {
  run(
    look(
      filtered(dead.command('list').summary('list them, the newest first')).option(
        '--limit <n>',
        'at most so many',
        '50',
      ),
    ),
    () => import('./list.ts'),
  );
  run(
    look(
      dead
        .command('show')
        .summary('one of them: its request, every attempt, what to try')
        .argument('<letter>', 'its id, as drover dead list shows it, or its URL'),
    ),
    () => import('./show.ts'),
  );
  run(
    look(filtered(dead.command('summary').summary('how many there are of each error at each host'))),
    () => import('./summary.ts'),
  );
}

function addReplay(dead: Command, look: Look, run: AddRun): void {
  const replay = dead
    .command('replay')
    .summary('try them again')
    .description(
      'Makes dead letters waiting requests again, with all their attempts before them; consumers, or the crawl command run again, fetch them. Of each error at each host some go first, and the rest only when those come through. It goes on when this command is gone.',
    )
    .option('--all', 'all there are')
    .option('--dry-run', 'only say how many')
    .option('--canary <n>', 'so many of each group go first; 0: none (default: 5 of a group of more than 20)')
    .option('--rate <0..1>', 'of those, what share must be recorded for the rest to follow', '0.8')
    .option('--wait', 'stay until all have ended, and say how many came through')
    .option('--attempts <n>', 'with so many attempts before they are dead again')
    .option('--header <"name: value">', 'with this header beside, or in the place of, those they had', gather)
    .option('--delay <duration>', 'with at least this between two starts at their host, from now on');
  for (const layer of ['dns', 'connect', 'tls', 'send', 'response', 'read', 'request'])
    replay.option(`--timeout-${layer} <ms>`, 'with this limit instead of the one of their crawl');
  run(look(filtered(replay)), () => import('./replay.ts'));
  run(
    look(
      dead
        .command('replays')
        .summary('how replays stand: those at work and those of the last week')
        .argument('[replay]', 'id of one'),
    ),
    () => import('./replays.ts'),
  );
  run(
    look(
      dead
        .command('stop')
        .summary('bring nothing more of a replay back')
        .argument('<replay>', 'its id, as drover dead replays shows it'),
    ),
    () => import('./stop.ts'),
  );
}

function filtered(command: Command): Command {
  return command
    .argument('[crawl]', 'of one crawl (its name or id), or one letter (its id)')
    .option('--code <code>', 'of one error code, such as E_HTTP_5XX')
    .option('--host <host>', 'of one host, such as example.com or example.com:8080')
    .option(
      '--since <time>',
      'died since then: a duration such as 2h or 7d, or a time such as 2026-01-31T12:00',
    )
    .option('--min-attempts <n>', 'with at least so many attempts')
    .option('--q <text>', 'with this in the URL or the message');
}

function gather(text: string, former: string[] | undefined): string[] {
  return [...(former ?? []), text];
}
