// What a command prints when it cannot go on (what is wrong, and what to do), and its exit code.
import { catalogue, DroverError } from '../../src/errors.ts';
import { withSources } from '../../src/own-stack.ts';
import { printable } from '../../src/printable.ts';
import { diskError } from '../../src/records/disk.ts';
import { redisFailure } from '../../src/redis/failures.ts';
import { ProcessesFailure } from '../processes/failure.ts';
import { inOwnWords } from '../terminal/own-hints.ts';

export const EXIT = { recorded: 0, dead: 1, usage: 2, unusable: 3, interrupted: 130 } as const;

export function exitCodeOf(error: unknown): number {
  if (error instanceof ProcessesFailure) return error.exitCode;
  const known = asDroverError(error);
  return known ? catalogue[known.code].exit : EXIT.usage;
}

/** The error as text for the terminal: a message with advice or, for a defect of drover itself, the stack. */
export function failureText(error: unknown): string {
  const known = asDroverError(error);
  if (known)
    return `drover: ${inOwnWords(printable(known.message))}\n  ${inOwnWords(known.advice)} (${known.code})\n`;
  const stack = error instanceof Error ? withSources(error.stack ?? error.message) : String(error);
  return `drover: this is a defect of drover; please report it.\n${stack.split('\n').map(printable).join('\n')}\n`;
}

function asDroverError(error: unknown): DroverError | null {
  if (error instanceof DroverError) return error;
  return ofFile(error) ?? redisFailure(error);
}

/**
 * An error of the file system as E_FILE or E_DISK_FULL with its path. A connection fails with the same codes,
 * such as EACCES on a socket, but names an address instead.
 */
function ofFile(error: unknown): DroverError | null {
  const { code, path, syscall = '' } = (error ?? {}) as NodeJS.ErrnoException;
  const isOfFile = code !== undefined && typeof path === 'string' && !/^(connect|listen|spawn)/.test(syscall);
  return isOfFile ? diskError(error, path) : null;
}
