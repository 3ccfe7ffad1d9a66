// The command drover proxies.
import type { Command } from 'commander';
import { EVERY_COMMAND } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { asJson } from '../options.ts';

/** Adds the command. */
export function addProxies(program: Command): void {
  addProgram(
    program
      .command('proxies')
      .summary('show how the proxies of the consumers stand')
      .description(
        'Lists the proxies that the running consumers fetch through (--proxy, HTTP_PROXY): whether each works or is left out for a while, and why.',
      ),
    { own: asJson, settings: EVERY_COMMAND },
    () => import('./proxies.ts'),
  );
}
