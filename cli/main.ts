// Parses the command line, runs the command, says how it failed.
import { CommanderError } from 'commander';
import { crawlCommand } from './commands.ts';
import { exitCodeOf, explain } from './failures.ts';

export async function main(): Promise<void> {
  // `drover results | head` closes the pipe early: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));
  try {
    await crawlCommand().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.stderr.write(explain(error));
    process.exitCode = exitCodeOf(error);
  }
}
