// Reports each processed job: to the metrics, to the log, and to the tail while somebody watches.

import type { Tail } from '../../src/fleet/live-tail.ts';
import type { Meters } from '../../src/fleet/meters.ts';
import type { TroubleLog } from '../../src/fleet/trouble-log.ts';
import type { Log } from '../../src/log.ts';
import { gathered, OTHER, statusClasses } from '../../src/metrics.ts';
import type { Outcome } from '../../src/outcome.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import type { ActiveJob, JobReport, Reports, Traces } from '../context.ts';

export function createReports(parts: {
  meters: Meters;
  tail: Tail;
  log: Log;
  troubles: TroubleLog;
  traces: Traces | null;
  /** Called for each request that has ended. */
  onEnd: () => void;
}): Reports {
  const { meters, tail, log, troubles, traces, onEnd } = parts;
  return {
    note(job, outcome) {
      const report = reportOn(job, outcome);
      measure(meters, job, report);
      if (report.isEnd) onEnd();
      if (report.kind === 'dead' && report.isEnd) log.warn(linesFields(job, report), 'dead letter');
      else if (log.isLevelEnabled('debug')) log.debug(linesFields(job, report), 'job');
      traces?.note(job, report);
      if (tail.isWanted && report.isEnd) addToTail(tail, job, report);
    },
    trouble(jobId, error) {
      meters.count(gathered.outcomes, 'trouble');
      troubles.note(error, 'postponed by a fault', { request: jobId }, 'error');
    },
  };
}

function reportOn(job: ActiveJob, outcome: Outcome): JobReport {
  const { result, ended } = job.trace;
  const failure = 'failure' in outcome ? outcome.failure : job.trace.failure;
  const came = result?.ok ? result.answer.status : (result?.came?.status ?? null);
  return {
    // A request that had ended before counts nowhere.
    kind: ended === 'ended' ? 'done' : outcome.kind,
    isEnd: ended === 'done' || ended === 'limited',
    failure,
    status: came,
    timings: result ? (result.ok ? result.answer.timings : result.timings) : null,
  };
}

function measure(meters: Meters, job: ActiveJob, { kind, isEnd, failure, timings }: JobReport): void {
  const code = failure?.code ?? null;
  meters.count(gathered.outcomes, kind);
  if (kind === 'postponed') {
    if (code !== null) meters.count(gathered.rateLimited, null);
  } else if (code !== null && kind !== 'done') meters.error(code);
  const { result } = job.trace;
  if (!result || !timings) return;
  meters.observe(gathered.phases, 'queue', job.queueMs);
  meters.observe(gathered.phases, 'slot', job.trace.slotMs);
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
  if (isEnd && job.trace.isUnchanged) meters.count(gathered.unchanged, null);
}

/** The fields that docs/operations.md lists. */
function linesFields(job: ActiveJob, { kind, failure, status, timings }: JobReport): Record<string, unknown> {
  return {
    request: job.jobId,
    crawl: job.crawl,
    host: limiterKeyOf(job.request.url),
    attempt: job.attempt,
    outcome: kind,
    ...(failure ? { code: failure.code, layer: failure.layer, reason: failure.message } : {}),
    ...(status === null ? {} : { status }),
    ...(timings?.total == null ? {} : { ms: Math.round(timings.total) }),
    url: job.request.url,
  };
}

function addToTail(tail: Tail, job: ActiveJob, { kind, failure, status, timings }: JobReport): void {
  const { result } = job.trace;
  tail.add({
    at: Date.now(),
    crawl: job.crawl,
    id: job.id,
    url: job.request.url,
    host: limiterKeyOf(job.request.url),
    status,
    code: failure?.code ?? null,
    ms: timings?.total == null ? null : Math.round(timings.total),
    bytes: result?.ok ? result.answer.body.byteLength : null,
    attempts: job.attempt,
    outcome: kind as 'recorded' | 'refused' | 'dead',
  });
}
