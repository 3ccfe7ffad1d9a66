// The step commit: one atomic call writes the last links, the counters and the end of the request.
import { failure, packFailure } from '../src/errors.ts';
import type { Outcome } from '../src/outcome.ts';
import type { CrawlRecord } from '../src/record.ts';
import { limiterKeyOf } from '../src/url/host.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import type { RequestEnd } from './decision.ts';
import type { Followed } from './follow/follow-links.ts';

/**
 * Ends the request; the crawl counts what its record says. Idempotent: a request that had
 * ended before stays as it is. Returns 'lost', and changes nothing, when another consumer has taken the
 * request over.
 */
export async function commit(
  context: ConsumerContext,
  job: ActiveJob,
  { end, record, followed }: { end: RequestEnd; record: CrawlRecord; followed: Followed },
  claim: number,
): Promise<Outcome> {
  const { answer, failure: error } = end;
  const { items } = record;
  job.trace.failure = error;
  job.trace.isUnchanged = record.unchanged !== null;
  const ended = await context.committer.commit({
    crawl: job.crawl,
    id: job.id,
    claim,
    kind: end.as,
    key: job.laneKey,
    status: answer?.status ?? null,
    code: error?.code ?? null,
    // Of a 304, no body came.
    bytes: answer?.notModified ? 0 : (answer?.body.byteLength ?? 0),
    isUnchanged: job.trace.isUnchanged,
    isDue: job.loadedCrawl.settings.onlyDue ? !(job.former?.isKept ?? false) : null,
    reason: error ? packFailure(error) : '',
    host: limiterKeyOf(job.request.url),
    links: followed.links,
    leftOut: followed.leftOut,
    items: items?.[0] ? { handler: items[0].handler, count: items.length } : null,
    place: context.stores.at(job.loadedCrawl.store).place,
  });
  job.trace.ended = ended;
  const { fresh = [] } = followed;
  if (ended === 'done' && fresh.length > 0) context.knownLinks.add(job.loadedCrawl, fresh);
  if (ended === 'taken') return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  return end.as === 'dead' ? { kind: end.as, failure: end.failure } : { kind: end.as };
}
