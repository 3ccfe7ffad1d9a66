// drover hosts …: how hosts stand, and the operator's limits and pauses for them.
import type { Command } from 'commander';
import { EVERY_COMMAND as settings } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson } from '../options.ts';
import { listOptions, pauseOptions, setOptions } from './options.ts';

const host = '<host>';
const hostHelp = 'a host such as example.com or example.com:8080, a URL of it, or another limiter key';

/** Adds the command and its subcommands. */
export function addHosts(program: Command): void {
  const hosts = program
    .command('hosts')
    .summary('how hosts stand: limits, pauses, queues; and setting them')
    .description('Without a subcommand: lists the hosts of crawls that have not ended.');
  addProgram(
    hosts
      .command('list', { isDefault: true })
      .summary('limits, pauses and queues by host')
      .argument('[host...]', `only these: ${hostHelp}`),
    { own: listOptions, settings },
    () => import('./list.ts'),
  );
  addProgram(
    hosts
      .command('set')
      .summary('limit a host while it is crawled')
      .description(
        'Sets limits of a host for the whole fleet, within a second; they go before those of crawls, config and requests, and stay until reset.',
      )
      .argument(host, hostHelp),
    { own: setOptions, settings },
    () => import('./set.ts'),
  );
  addProgram(
    hosts.command('pause').summary('start nothing more at a host, for now').argument(host, hostHelp),
    { own: pauseOptions, settings },
    () => import('./pause.ts'),
  );
  addProgram(
    hosts.command('resume').summary('end the pause of a host, whoever made it').argument(host, hostHelp),
    { own: asJson, settings },
    () => import('./resume.ts'),
  );
}
