// The records of a crawl, found by the crawl's name, for a user's program.
import { namesOf } from '../config/settings.ts';
import type { DroverError } from '../errors.ts';
import { type FleetOptions, joinFleet } from '../fleet/join.ts';
import type { CrawlRecord } from '../record.ts';
import { recordLines } from '../records/store.ts';
import { openStores } from '../records/stores.ts';
import { findCrawl } from './crawl.ts';
import { lookUpRecords, missingRecords } from './kept-records.ts';

/** What `readResults` of the package does. */
export async function* recordsInProgram(
  options: { crawl: string } & FleetOptions,
): AsyncGenerator<CrawlRecord> {
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
