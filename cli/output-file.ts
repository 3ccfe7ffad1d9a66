// Whether the file of -o can be written is asked before the crawl, not after it.
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DroverError } from '../src/errors.ts';

/** The path as it was given, or null without -o. Throws E_FILE. */
export function outputFile(option: unknown): string | null {
  if (typeof option !== 'string') return null;
  if (option === '-') return option;
  const found = statSync(option, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new DroverError('E_FILE', `-o ${option} is a directory.`);
  try {
    accessSync(found ? option : dirname(resolve(option)), constants.W_OK);
  } catch (cause) {
    throw new DroverError('E_FILE', `-o ${option}: ${(cause as Error).message}.`, { cause });
  }
  return option;
}
