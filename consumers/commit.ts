// The step commit: one atomic call writes the last links, the counters and the end of the request.
import { failure, packFailure } from '../src/errors.ts';
import type { Outcome } from '../src/outcome.ts';
import { limiterKeyOf } from '../src/url/host.ts';
import type { ActiveJob, ConsumerContext } from './context.ts';
import type { RequestEnd } from './decision.ts';
import type { Followed } from './follow/follow-links.ts';

/**
 * Idempotent: a request that had ended before stays as it is. Returns 'lost', and changes nothing, when
 * another consumer has taken the request over.
 */
export async function commit(
  context: ConsumerContext,
  job: ActiveJob,
  end: RequestEnd,
  { links, leftOut }: Followed,
  claim: number,
): Promise<Outcome> {
  const { answer, failure: error } = end;
  job.trace.failure = error;
  const ended = await context.committer.commit({
    crawl: job.crawl,
    id: job.id,
    claim,
    kind: end.as,
    key: job.laneKey,
    status: answer?.status ?? null,
    code: error?.code ?? null,
    bytes: answer?.body.byteLength ?? 0,
    reason: error ? packFailure(error) : '',
    host: limiterKeyOf(job.request.url),
    links,
    leftOut,
  });
  job.trace.ended = ended;
  if (ended === 'taken') return { kind: 'lost', failure: failure('E_LOCK_LOST') };
  return end.as === 'dead' ? { kind: end.as, failure: end.failure } : { kind: end.as };
}
