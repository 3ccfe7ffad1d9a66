// What is told of each job when it has been processed: to the metrics, to the log, and to the tail while somebody listens.

import type { Tail } from '../../src/fleet/live-tail.ts';
import type { Meters } from '../../src/fleet/meters.ts';
import type { Log } from '../../src/log.ts';
import { gathered, OTHER, statusClasses } from '../../src/metrics.ts';
import type { Outcome } from '../../src/outcome.ts';
import { redisFailure } from '../../src/redis.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import type { Reports, Told, Traces, Work } from '../context.ts';

export function createReports(parts: {
  meters: Meters;
  tail: Tail;
  log: Log;
  traces: Traces | null;
}): Reports {
  const { meters, tail, log, traces } = parts;
  return {
    note(work, outcome) {
      const told = tell(work, outcome);
      measure(meters, work, told);
      if (told.kind === 'dead' && told.isEnd) log.warn(linesFields(work, told), 'dead letter');
      else if (log.isLevelEnabled('debug')) log.debug(linesFields(work, told), 'job');
      traces?.note(work, told);
      if (tail.isWanted && told.isEnd) addToTail(tail, work, told);
    },
    trouble(jobId, error) {
      meters.count(gathered.outcomes, 'trouble');
      log.error({ request: jobId, ...troubleFields(error) }, 'put back');
    },
  };
}

/** What the log says of a call that failed: of Redis, or of the disk. */
export function troubleFields(error: unknown): { err: unknown; code?: string } {
  const code = redisFailure(error)?.code;
  return code === undefined ? { err: error } : { err: error, code };
}

function tell(work: Work, outcome: Outcome): Told {
  const { result, ended } = work.story;
  const failure = 'failure' in outcome ? outcome.failure : work.story.failure;
  const came = result?.ok ? result.answer.status : (result?.came?.status ?? null);
  return {
    // It had ended before, and counts nowhere.
    kind: ended === 'ended' ? 'done' : outcome.kind,
    isEnd: ended === 'done',
    failure,
    status: came,
    timings: result ? (result.ok ? result.answer.timings : result.timings) : null,
  };
}

function measure(meters: Meters, work: Work, { kind, isEnd, failure, timings }: Told): void {
  const code = failure?.code ?? null;
  meters.count(gathered.outcomes, kind);
  if (kind === 'snooze') {
    if (code !== null) meters.count(gathered.toldOff, null);
  } else if (code !== null && kind !== 'done') meters.error(code);
  const { result } = work.story;
  if (!result || !timings) return;
  meters.observe(gathered.phases, 'queue', work.queueMs);
  meters.observe(gathered.phases, 'slot', work.slotMs);
  const { dns, connect, tls, firstByte, download, total } = timings;
  if (dns !== null) meters.observe(gathered.phases, 'dns', dns);
  if (connect !== null) meters.observe(gathered.phases, 'connect', connect);
  if (tls !== null) meters.observe(gathered.phases, 'tls', tls);
  if (firstByte !== null) meters.observe(gathered.phases, 'first_byte', firstByte);
  if (download !== null) meters.observe(gathered.phases, 'download', download);
  if (total !== null) meters.observe(gathered.phases, 'total', total);
  if (!result.ok) return;
  const { status, redirects, body } = result.answer;
  meters.count(gathered.responses, statusClasses[Math.floor(status / 100) - 1] ?? OTHER);
  if (redirects > 0) meters.count(gathered.redirects, null, redirects);
  if (isEnd) meters.count(gathered.bytes, null, body.byteLength);
}

/** The fields that docs/operations.md lists. */
function linesFields(work: Work, { kind, failure, status, timings }: Told): Record<string, unknown> {
  return {
    request: work.jobId,
    crawl: work.crawl,
    host: limiterKeyOf(work.request.url),
    attempt: work.attempt,
    outcome: kind,
    ...(failure ? { code: failure.code, layer: failure.layer, reason: failure.message } : {}),
    ...(status === null ? {} : { status }),
    ...(timings?.total == null ? {} : { ms: Math.round(timings.total) }),
    url: work.request.url,
  };
}

function addToTail(tail: Tail, work: Work, { kind, failure, status, timings }: Told): void {
  const { result } = work.story;
  tail.add({
    at: Date.now(),
    crawl: work.crawl,
    id: work.id,
    url: work.request.url,
    host: limiterKeyOf(work.request.url),
    status,
    code: failure?.code ?? null,
    ms: timings?.total == null ? null : Math.round(timings.total),
    bytes: result?.ok ? result.answer.body.byteLength : null,
    attempts: work.attempt,
    outcome: kind as 'recorded' | 'refused' | 'dead',
  });
}
