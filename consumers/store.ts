// The step store: waits until the record is durable. Only then may the request end.
import type { CrawlRecord } from '../src/record.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';

/**
 * Idempotent by the id of the request: of several records, readers show the one with the highest claim.
 * Throws what the disk throws; the job is then postponed.
 */
export async function store(
  context: ConsumerContext,
  job: ActiveJob,
  record: CrawlRecord,
  claim: number,
): Promise<void> {
  const storedAt = performance.now();
  job.trace.storedAt = performance.timeOrigin + storedAt;
  const { store: address, recordsFolder } = job.loadedCrawl;
  await context.stores.at(address).write(record, claim, recordsFolder);
  job.trace.storeMs = performance.now() - storedAt;
}
