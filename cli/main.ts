// Parses the command line, runs the command, and prints its failure.
import { CommanderError } from 'commander';
import { withSources } from '../src/own-stack.ts';
import { exitCodeOf, failureText } from './command/failures.ts';
import { crawlCommand } from './commands.ts';

export async function main(): Promise<void> {
  endWithParent();
  process.on('uncaughtExceptionMonitor', (error) => {
    if (error instanceof Error && error.stack) error.stack = withSources(error.stack);
  });
  // `drover results | head` closes the pipe early, which is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));
  process.stderr.on('error', () => {}); // the work goes on when nobody reads what is said of it
  try {
    await crawlCommand().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.stderr.write(failureText(error));
    process.exitCode = exitCodeOf(error);
  }
  endLingering();
}

/**
 * A process that another drover has started ends with it, even when that was killed: its channel to the other
 * closes. This is set up before anything else, because the other may end at any moment.
 */
function endWithParent(): void {
  if (!process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

const LINGER_MS = 1000;

/**
 * Ends a finished command even when an unreachable Redis left something open, such as a worker's blocking
 * read. It waits only for output that has not been read.
 */
function endLingering(): void {
  const isRead = process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
  setTimeout(() => (isRead ? process.exit() : endLingering()), LINGER_MS).unref();
}
