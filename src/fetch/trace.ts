// What one hop of a fetch did and when: for those who ask where its time went.
import type { Failure } from '../errors.ts';
import type { HopEnd } from './connection/hop-parts.ts';
import type { Target } from './target.ts';
import type { PhaseSpan } from './timeouts.ts';

/** One hop. Its phases are in order; after a failure, the last one is that which failed. */
export interface HopTrace {
  url: string;
  method: string;
  /** Status in the header; null if none came. */
  status: number | null;
  /** IP address of the server; null if it is not known. */
  address: string | null;
  /** The proxy between; null for none. */
  proxy: string | null;
  /** Where a redirect leads, as the server wrote it; null for any other end. */
  location: string | null;
  failure: Failure | null;
  /** True when a kept connection was used; null when the hop never had one. */
  reused: boolean | null;
  spans: readonly PhaseSpan[];
  totalMs: number;
}

export function hopTraceOf(
  { url, method }: Target,
  end: HopEnd,
  spans: readonly PhaseSpan[],
  proxy: string | null,
): HopTrace {
  const { timings } = end.kind === 'answer' ? end.answer : end;
  const had = (phases: readonly string[]) => spans.some(({ phase }) => phases.includes(phase));
  const isNew = had(['connect']);
  return {
    url: url.href,
    method,
    ...serverOf(end),
    proxy,
    location: end.kind === 'redirect' ? end.location : null,
    failure: end.kind === 'failed' ? end.failure : null,
    reused: isNew ? false : had(['send', 'response']) ? true : null,
    spans,
    totalMs: timings.total ?? 0,
  };
}

function serverOf(end: HopEnd): Pick<HopTrace, 'status' | 'address'> {
  if (end.kind === 'answer') return { status: end.answer.status, address: end.answer.address };
  if (end.kind === 'redirect') return { status: end.status, address: end.address };
  return { status: end.came?.status ?? null, address: end.came?.address ?? null };
}
