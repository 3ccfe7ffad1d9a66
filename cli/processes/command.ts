// The command by which drover starts its own consumer processes. It is no command for users.
import type { Command } from 'commander';
import type { GivenFlags } from '../../src/config/read.ts';
import { EVERY_COMMAND, wordsOf } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { consumerProcessOptions } from './options.ts';

const NAME = 'consumer-process';

export function addConsumerProcess(program: Command): void {
  addProgram(
    program.command(NAME, { hidden: true }).summary('a consumer process of crawl, consume or serve'),
    { own: consumerProcessOptions, settings: ['consumer', ...EVERY_COMMAND] },
    () => import('./consumer-process.ts'),
  );
}

/** The words that start one. It gets what its command was given for consumers, the fleet and the log. */
export function consumerProcessWords(serve: string, flags: GivenFlags): string[] {
  return [NAME, '--serve', serve, ...wordsOf(flags, ['consumer', ...EVERY_COMMAND])];
}
