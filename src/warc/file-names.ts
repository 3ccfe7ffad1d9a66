// The names of WARC files: which crawl each is of, and no two alike over all consumers and machines.
import { readdir } from 'node:fs/promises';
import { segmentName } from '../records/write/segment.ts';

export const WARC_ENDING = '.warc.gz';
/** The index of a file that is complete has the file's name and this. */
export const INDEX_ENDING = '.cdxj';

/** A new name: `drover-FOLDER-TIME-HOST-PID-RANDOM.warc.gz`. */
export function warcName(recordsFolder: string): string {
  return `${warcPrefix(recordsFolder)}${segmentName().replace(/\.jsonl$/, '')}${WARC_ENDING}`;
}

/**
 * The names of a crawl's WARC files in a directory, sorted; those begun first come first. Empty if there is
 * no such directory. Throws the error of the file system.
 */
export async function warcNames(directory: string, recordsFolder: string): Promise<string[]> {
  try {
    const start = warcPrefix(recordsFolder);
    const names = await readdir(directory);
    return names.filter((name) => name.startsWith(start) && name.endsWith(WARC_ENDING)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A records folder is the crawl's id and a token, and so no beginning of another. */
export function warcPrefix(recordsFolder: string): string {
  return `drover-${encodeURIComponent(recordsFolder.toWellFormed())}-`;
}
