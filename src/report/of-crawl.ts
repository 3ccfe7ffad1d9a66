// The report of a crawl that the fleet knows, from the store that keeps its records.

import { type KeptRecords, lookUpRecords, missingRecords } from '../crawl/kept-records.ts';
import { viewCrawl } from '../crawl/views.ts';
import type { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import type { CrawlRecord } from '../record.ts';
import { type RecordReader, recordLines } from '../records/store.ts';
import type { RecordStores } from '../records/stores.ts';
import { urlRulesOf } from '../url/normalize.ts';
import type { SiteReport, Thresholds } from './kinds.ts';
import { makeReport } from './report.ts';

export interface CrawlReport {
  report: SiteReport;
  /** Why these are not all records of the crawl; null if they are. */
  missing: DroverError | null;
}

/** Throws E_CRAWL_UNKNOWN, and what reading records throws. */
export async function reportOnCrawl(
  { fleet, stores }: { fleet: Fleet; stores: RecordStores },
  crawl: string,
  thresholds: Thresholds,
): Promise<CrawlReport> {
  const { state, waiting, settings } = await viewCrawl(fleet, crawl);
  const kept = await lookUpRecords(fleet, crawl);
  const store = stores.at(kept.store);
  let found = 0;
  const read = () => parsed(store, kept, (requests) => (found = requests));
  const { keepSessionIds, checkExternal } = settings;
  const parts = { crawl, state, waiting, keepSessionIds, checkExternal, thresholds, read };
  const report = await makeReport({ ...parts, rules: urlRulesOf(settings) });
  const missing = missingRecords(kept, found, store);
  if (missing) report.notes.unshift(missing.detail ?? missing.message);
  return { report, missing };
}

async function* parsed(
  store: RecordReader,
  { folder }: KeptRecords,
  onFound: (requests: number) => void,
): AsyncGenerator<CrawlRecord> {
  for await (const line of recordLines(store.read(folder, { onFound })))
    yield JSON.parse(line) as CrawlRecord;
}
