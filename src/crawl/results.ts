// The records of a crawl for a program of the user's, by the crawl's name.
import { join } from 'node:path';
import { type FleetOptions, fleetOptions, joinFleet } from '../fleet/join.ts';
import type { CrawlRecord } from '../record.ts';
import { readRecords } from '../records/read/read.ts';
import { findCrawl, findRecordsFolder } from './crawl.ts';

/**
 * The records of a crawl as they lie in the data directory of this machine: each request once, as `drover results` has them. Give the crawl's
 * name (the newest of that name) or id. Memory: about 20 bytes a request and the longest record. Throws E_CRAWL_UNKNOWN, E_SETTING, E_FILE, and
 * errors of layer redis.
 */
export async function* readResults(options: { crawl: string } & FleetOptions): AsyncGenerator<CrawlRecord> {
  const { crawl: name, ...given } = options;
  const fleet = await joinFleet(given, fleetOptions);
  const { redis, namespace, settings } = fleet;
  const recordsFolder = await fleet
    .at(async () => findRecordsFolder(redis, namespace, await findCrawl(redis, namespace, String(name))))
    .finally(fleet.leave);
  for await (const line of readRecords(join(settings.dataDir, 'records'), recordsFolder))
    yield JSON.parse(line) as CrawlRecord;
}
