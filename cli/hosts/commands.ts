// drover hosts …: how hosts stand, and the operator's limits and pauses for them.
import type { Command } from 'commander';

type Run = (args: string[], options: Record<string, unknown>) => Promise<number>;

/** Adds the command and its subcommands; `run` gives a command its program, `look` the options of all that look at a fleet. */
export function addHosts(
  program: Command,
  look: (command: Command) => Command,
  run: (command: Command, load: () => Promise<{ run: Run }>) => void,
): void {
  const hosts = program
    .command('hosts')
    .summary('how hosts stand: limits, pauses, queues; and setting them')
    .description('Without a subcommand: lists the hosts of crawls that have not ended.');
  const host = '<host>';
  const hostHelp = 'a host such as example.com or example.com:8080, a URL of it, or another limiter key';
  run(
    look(
      hosts
        .command('list', { isDefault: true })
        .summary('limits, pauses and queues by host')
        .argument('[host...]', `only these: ${hostHelp}`)
        .option('--limit <n>', 'at most so many', '50'),
    ),
    () => import('./list.ts'),
  );
  run(
    look(
      hosts
        .command('set')
        .summary('limit a host while it is crawled')
        .description(
          'Sets limits of a host for the whole fleet, within a second; they go before those of crawls, config and requests, and stay until reset.',
        )
        .argument(host, hostHelp)
        .option('--concurrency <n>', 'fetches in flight')
        .option('--delay <duration>', 'least time from one start to the next')
        .option('--max <n>', 'at most so many starts …')
        .option('--duration <duration>', '… in this time, evenly spread')
        .option('--reset', 'take back what was set before'),
    ),
    () => import('./set.ts'),
  );
  run(
    look(
      hosts
        .command('pause')
        .summary('start nothing more at a host, for now')
        .argument(host, hostHelp)
        .option('--for <duration>', 'for so long; until it is resumed if not given'),
    ),
    () => import('./pause.ts'),
  );
  run(
    look(
      hosts.command('resume').summary('end the pause of a host, whoever made it').argument(host, hostHelp),
    ),
    () => import('./resume.ts'),
  );
}
