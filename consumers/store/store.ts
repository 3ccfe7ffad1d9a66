// The step store: waits until the record, and what the archive takes of the request, are durable. Only then
// may the request end.
import type { CrawlRecord } from '../../src/record.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { aloneSurvived } from '../suspicion.ts';

/** A page whose record is not durable by then waits without its permit, if there is room. */
const SHORT_MS = 50;

/**
 * Idempotent by the id of the request: of several records, readers show the one with the highest claim.
 * Returns false when the job or its slot does not belong to this process any more, or when the consumer stops
 * while the store is away; the record may still be written, which is harmless. Throws what the store throws;
 * the job is then postponed.
 */
export async function store(
  context: ConsumerContext,
  job: ActiveJob,
  record: CrawlRecord,
  claim: number,
): Promise<boolean> {
  const storedAt = performance.now();
  job.trace.storedAt = performance.timeOrigin + storedAt;
  const { store: address, recordsFolder } = job.loadedCrawl;
  const recorded = context.stores.at(address).write(record, claim, recordsFolder);
  const writing = job.archive ? allOf(recorded, job.archive.written()) : recorded;
  const slow = setTimeout(() => void waitLong(job, record), SHORT_MS);
  try {
    return await unlessAborted(writing, job.abort.signal);
  } finally {
    clearTimeout(slow);
    job.trace.storeMs = performance.now() - storedAt;
  }
}

/** A request that was suspected to kill consumers has killed none: of its page, only this is left to do. */
async function waitLong(job: ActiveJob, { bytes }: CrawlRecord): Promise<void> {
  try {
    if (job.suspicion.isSuspect) await job.remember({ alone: aloneSurvived(job.stalls) });
    job.slot.waitAsPage(bytes ?? 0);
  } catch {
    // Redis is away, or the job has ended meanwhile: it stays alone as long as it lasts.
  }
}

async function allOf(...writes: Promise<void>[]): Promise<void> {
  await Promise.all(writes);
}

function unlessAborted(writing: Promise<void>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(false);
    signal.addEventListener('abort', onAbort, { once: true });
    writing.then(() => resolve(true), reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
