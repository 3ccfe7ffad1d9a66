// Where a crawl's records are, and whether all of them are in the data directory of this machine. Each
// consumer keeps records in its own data directory, so those of one crawl may lie on several machines.
import { join } from 'node:path';
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import type { RecordReader } from '../records/store.ts';
import { countsOf, recordsFolderOf, storeOf } from './crawl.ts';
import { endedOf } from './progress.ts';
import { readCrawl } from './shards/parts.ts';

export interface KeptRecords {
  crawl: string;
  /** The address of the store that has them. */
  store: string;
  /** The name of its records in the store. */
  folder: string;
  /** How many requests had ended, each with a durable record somewhere. */
  ended: number;
  /**
   * How many records were written at each place, MACHINE:DIRECTORY. A request that was replayed counts once
   * more. Empty when an older version wrote them.
   */
  places: Readonly<Record<string, number>>;
}

/** Most places that an error names. */
const MOST_NAMED = 5;

/**
 * Looks up the records of a known crawl. To be called before they are read: whatever ends later may or may
 * not be found, and what has ended before must be.
 */
export async function lookUpRecords(fleet: Fleet, crawl: string): Promise<KeptRecords> {
  const fields = await readCrawl(fleet, crawl);
  const places = Object.entries(fields)
    .filter(([name]) => name.startsWith('at:'))
    .map(([name, records]) => [name.slice('at:'.length), Number(records)]);
  return {
    crawl,
    store: storeOf(fields.store),
    folder: recordsFolderOf(crawl, fields.token ?? ''),
    ended: endedOf(countsOf(crawl, fields)),
    places: Object.fromEntries(places),
  };
}

/** How many of the records are not among the `found` ones, 0 if all are there. */
export function countMissing({ ended }: KeptRecords, found: number): number {
  return Math.max(0, ended - found);
}

type Here = Pick<RecordReader, 'name' | 'place'>;

/**
 * E_RECORDS_MISSING, with the places of the other records, when fewer requests have a record in this store
 * than have ended; null when all are there.
 */
export function missingRecords(kept: KeptRecords, found: number, store: Here): DroverError | null {
  const missing = countMissing(kept, found);
  if (missing === 0) return null;
  const of = `${missing} of ${kept.ended} records of crawl ${kept.crawl} are not in ${store.name}.`;
  return new DroverError('E_RECORDS_MISSING', `${of} ${whereOf(kept, found, store)}`);
}

/** The folders in other data directories that have records of the crawl, those with the most first. */
export function otherRecordFolders(
  { places, folder }: KeptRecords,
  { place: here }: Here,
): { path: string; records: number }[] {
  return Object.entries(places)
    .filter(([place]) => place !== here)
    .sort(([, a], [, b]) => b - a)
    .map(([place, records]) => ({ path: isFolder(place) ? join(place, 'records', folder) : place, records }));
}

/** MACHINE:DIRECTORY; the others are addresses of stores. */
function isFolder(place: string): boolean {
  return !/^[a-z0-9]+:\/\//.test(place);
}

function whereOf(kept: KeptRecords, found: number, store: Here): string {
  const others = otherRecordFolders(kept, store).map(({ path, records }) => `${records} at ${path}`);
  const more = others.length > MOST_NAMED ? ` and at ${others.length - MOST_NAMED} more places` : '';
  const sentences: string[] = [];
  if (others.length > 0)
    sentences.push(`Written elsewhere: ${others.slice(0, MOST_NAMED).join(', ')}${more}.`);
  if ((kept.places[store.place] ?? 0) > found)
    sentences.push('Some were written here and have been removed since.');
  return sentences.join(' ') || 'No other place is known to have any.';
}
