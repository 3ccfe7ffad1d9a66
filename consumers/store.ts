// Store: the record is handed over and awaited until it is durable. Only then may the request end.
import type { CrawlRecord } from '../src/record.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';

/**
 * Idempotent by the request's id: of several records, the reader shows the one of the highest claim. Throws what the disk throws; the
 * job is then put back.
 */
export async function store(
  context: ConsumerContext,
  job: ActiveJob,
  record: CrawlRecord,
  claim: number,
): Promise<void> {
  const storedAt = performance.now();
  job.trace.storedAt = performance.timeOrigin + storedAt;
  await context.store.write(record, claim, job.loadedCrawl.recordsFolder);
  job.trace.storeMs = performance.now() - storedAt;
}
