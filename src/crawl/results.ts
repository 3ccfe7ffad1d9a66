// The records of a crawl, found by the crawl's name, for a user's program.
import { namesOf } from '../config/settings.ts';
import type { DroverError } from '../errors.ts';
import { type FleetOptions, joinFleet } from '../fleet/join.ts';
import type { CrawlRecord } from '../record.ts';
import { recordLines } from '../records/store.ts';
import { openStores } from '../records/stores.ts';
import { findCrawl } from './crawl.ts';
import { lookUpRecords, missingRecords } from './kept-records.ts';

/**
 * The records of a crawl in the data directory of this machine, each request once, as `drover results` prints
 * them. `crawl` is a name (its newest crawl is meant) or an id. Needs memory for about 20 bytes per request
 * and the longest record. Throws E_CRAWL_UNKNOWN, E_SETTING, E_FILE and errors of layer redis; after the last
 * record here, E_RECORDS_MISSING when there are more in other data directories.
 */
export async function* readResults(options: { crawl: string } & FleetOptions): AsyncGenerator<CrawlRecord> {
  const { crawl: name, ...given } = options;
  const membership = await joinFleet(given, namesOf('place'));
  const { fleet, settings } = membership;
  const kept = await membership
    .at(async () => lookUpRecords(fleet, await findCrawl(fleet, String(name))))
    .finally(membership.leave);
  const stores = openStores(settings);
  const store = stores.at(kept.store);
  let missing: DroverError | null = null;
  const onFound = (requests: number) => {
    missing = missingRecords(kept, requests, store);
  };
  try {
    for await (const line of recordLines(store.read(kept.folder, { onFound })))
      yield JSON.parse(line) as CrawlRecord;
  } finally {
    await stores.close();
  }
  if (missing) throw missing;
}
