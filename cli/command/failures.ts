// What a command prints when it cannot go on (what is wrong, and what to do), and its exit code.
import { catalogue, DroverError } from '../../src/errors.ts';
import { printable } from '../../src/log.ts';
import { redisFailure } from '../../src/redis/failures.ts';
import { inOwnWords } from '../terminal/own-hints.ts';

export const EXIT = { recorded: 0, dead: 1, usage: 2, unusable: 3, interrupted: 130 } as const;

export function exitCodeOf(error: unknown): number {
  const known = asDroverError(error);
  return known ? catalogue[known.code].exit : EXIT.usage;
}

/** The error as text for the terminal: a message with advice or, for a defect of drover itself, the stack. */
export function failureText(error: unknown): string {
  const known = asDroverError(error);
  if (known)
    return `drover: ${inOwnWords(printable(known.message))}\n  ${inOwnWords(known.advice)} (${known.code})\n`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `drover: this is a defect of drover; please report it.\n${stack.split('\n').map(printable).join('\n')}\n`;
}

function asDroverError(error: unknown): DroverError | null {
  return error instanceof DroverError ? error : redisFailure(error);
}
