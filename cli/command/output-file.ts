// The file of -o. Whether it can be written is checked before the crawl, not after it.
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findRecordsFolder } from '../../src/crawl/crawl.ts';
import { DroverError } from '../../src/errors.ts';
import { writeResults } from '../../src/records/read/read.ts';
import type { Session } from './session.ts';

/** Returns the path as given, or null without -o. Throws E_FILE when it cannot be written. */
export function outputFile(option: string | undefined): string | null {
  if (option === undefined) return null;
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

/** Writes a crawl's results to the file; does nothing without a path. */
export async function writeOutput(session: Session, crawl: string, path: string | null): Promise<void> {
  const { settings, fleet } = session;
  if (path === null) return;
  await writeResults(join(settings.dataDir, 'records'), await findRecordsFolder(fleet, crawl), path);
}
