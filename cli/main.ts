// Parses the command line, runs the command, says how it failed.
import { CommanderError } from 'commander';
import { exitCodeOf, explain } from './command/failures.ts';
import { crawlCommand } from './commands.ts';

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
  endLingering();
}

const LINGER_MS = 1000;

/** What a Redis that is away left open (a worker's blocked read, say) keeps no command alive that is done; unread output does. */
function endLingering(): void {
  const isRead = process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
  setTimeout(() => (isRead ? process.exit() : endLingering()), LINGER_MS).unref();
}
