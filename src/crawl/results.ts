// The records of a crawl, found by the crawl's name, for a user's program.
import { join } from 'node:path';
import { namesOf } from '../config/settings.ts';
import { type FleetOptions, joinFleet } from '../fleet/join.ts';
import type { CrawlRecord } from '../record.ts';
import { readRecords } from '../records/read/read.ts';
import { findCrawl, findRecordsFolder } from './crawl.ts';

/**
 * The records of a crawl in the data directory of this machine, each request once, as `drover results` prints
 * them. `crawl` is a name (its newest crawl is meant) or an id. Needs memory for about 20 bytes per request
 * and the longest record. Throws E_CRAWL_UNKNOWN, E_SETTING, E_FILE and errors of layer redis.
 */
export async function* readResults(options: { crawl: string } & FleetOptions): AsyncGenerator<CrawlRecord> {
  const { crawl: name, ...given } = options;
  const membership = await joinFleet(given, namesOf('place'));
  const { fleet, settings } = membership;
  const recordsFolder = await membership
    .at(async () => findRecordsFolder(fleet, await findCrawl(fleet, String(name))))
    .finally(membership.leave);
  for await (const line of readRecords(join(settings.dataDir, 'records'), recordsFolder))
    yield JSON.parse(line) as CrawlRecord;
}
