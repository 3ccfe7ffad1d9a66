// What a fetch means for its request: the one table from answers and failures to verdicts.
import { catalogue, type ErrorCode, type Failure, failure } from '../errors.ts';
import type { FetchResult, Verdict } from '../outcome.ts';
import { isRefusal, isServed, namedTimeOf } from './named-time.ts';
import { standInOf } from './stand-ins.ts';

/** Accept-Signature (RFC 9421 section 5.1). */
const WANTS_SIGNATURE =
  ' It asks for a signature (Accept-Signature): see --identity, and drover identity check.';

export interface Rules {
  /** Statuses that make a dead letter, before any other rule. */
  readonly deadOn: readonly number[];
  /** Unix time in milliseconds. A date in Retry-After is compared with it. */
  readonly nowMs: number;
}

/** The verdict on one fetch. Pure: every status and every error code has exactly one verdict. */
export function classify(result: FetchResult, rules: Rules): Verdict {
  if (!result.ok) {
    const kind = catalogue[result.failure.code].retry ? 'retry' : 'dead';
    return { kind, failure: result.failure, answer: null };
  }
  const { answer } = result;
  const { status } = answer;
  if (rules.deadOn.includes(status) && !answer.notModified) {
    return { kind: 'dead', failure: ofStatus('E_HTTP_DEAD_STATUS', status), answer };
  }
  // Before a success and before what names a time: a challenge may have the status of either.
  const standIn = standInOf(answer);
  if (standIn) return { kind: 'recorded', answer, failure: standIn };
  if (isServed(answer)) return { kind: 'recorded', answer, failure: null };
  const named = namedTimeOf(answer, rules.nowMs);
  if (isRefusal(answer, named)) {
    return { kind: 'postponed', failure: ofStatus('E_RATE_LIMITED', status), answer };
  }
  if (status === 408 || status === 425) {
    return { kind: 'retry', failure: ofStatus('E_HTTP_RETRY', status), answer };
  }
  if (status >= 400 && status < 500) {
    const wants = 'accept-signature' in answer.headers ? WANTS_SIGNATURE : '';
    return { kind: 'recorded', answer, failure: failure('E_HTTP_4XX', `Status ${status}.${wants}`) };
  }
  if (status >= 500 && status < 600) {
    return { kind: 'retry', failure: ofStatus('E_HTTP_5XX', status), answer };
  }
  return { kind: 'recorded', answer, failure: ofStatus('E_HTTP_STATUS', status) };
}

function ofStatus(code: ErrorCode, status: number): Failure {
  return failure(code, `Status ${status}.`);
}
