// Which WARC files a crawl has, and where each was written: consumers on several machines write their own.
import { hostname } from 'node:os';
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';

const FIELD = 'warc:';
/** Most files that an error names. */
const MOST_NAMED = 5;

/**
 * Notes a new file, before anything but its first record is in it. A crawl that was forgotten meanwhile stays
 * forgotten, but for a moment between two calls.
 */
export async function noteWarc(fleet: Fleet, crawl: string, name: string, directory: string): Promise<void> {
  const key = fleet.keys.crawl(crawl);
  if ((await fleet.redis.exists(key)) === 0) return;
  await fleet.redis.hset(key, `${FIELD}${name}`, `${hostname()}:${directory}`);
}

/** The names of the crawl's files, each with its place, MACHINE:DIRECTORY. */
export async function listWarcs(fleet: Fleet, crawl: string): Promise<Map<string, string>> {
  const fields = Object.entries(await fleet.redis.hgetall(fleet.keys.crawl(crawl)));
  const files = fields.filter(([field]) => field.startsWith(FIELD));
  return new Map(files.map(([field, place]) => [field.slice(FIELD.length), place]));
}

/** E_WARC_MISSING with the places of the files that are not among the `found` ones; null if all are. */
export function missingWarcs(
  files: ReadonlyMap<string, string>,
  found: readonly { name: string }[],
  directory: string,
): DroverError | null {
  const here = new Set(found.map(({ name }) => name));
  const missing = [...files].filter(([name]) => !here.has(name));
  if (missing.length === 0) return null;
  const named = missing.slice(0, MOST_NAMED).map(([name, place]) => `${place}/${name}`);
  const more = missing.length > MOST_NAMED ? ` and ${missing.length - MOST_NAMED} more` : '';
  const of = `${missing.length} of ${files.size} are not in ${directory}`;
  return new DroverError('E_WARC_MISSING', `${of}: ${named.join(', ')}${more}.`);
}
