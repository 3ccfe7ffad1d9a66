// The command drover hosts … with its subcommands: the state of hosts, and the operator's limits and pauses
// for them.
import type { Command } from 'commander';
import { EVERY_COMMAND as settings } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson } from '../options.ts';
import { listHostsOptions, pauseOptions, setOptions } from './options.ts';

const host = '<host>';
const hostHelp = 'a host such as example.com or example.com:8080, one of its URLs, or another limiter key';

/** Adds the command and its subcommands. */
export function addHosts(program: Command): void {
  const hosts = program
    .command('hosts')
    .summary('show hosts, set their limits, pause and resume them')
    .description('Without a subcommand, lists the hosts of crawls that have not ended.');
  addProgram(
    hosts
      .command('list', { isDefault: true })
      .summary('list limits, pauses and queues by host')
      .argument('[host...]', `only these hosts: ${hostHelp}`),
    { own: listHostsOptions, settings },
    () => import('./list.ts'),
  );
  addProgram(
    hosts
      .command('set')
      .summary('set limits of a host')
      .description(
        'Sets limits of a host for the whole fleet, within a second. They override those of crawls, config and requests, and stay until reset.',
      )
      .argument(host, hostHelp),
    { own: setOptions, settings },
    () => import('./set.ts'),
  );
  addProgram(
    hosts.command('pause').summary('pause a host: no fetch starts there').argument(host, hostHelp),
    { own: pauseOptions, settings },
    () => import('./pause.ts'),
  );
  addProgram(
    hosts.command('resume').summary('end the pause of a host').argument(host, hostHelp),
    { own: asJson, settings },
    () => import('./resume.ts'),
  );
}
