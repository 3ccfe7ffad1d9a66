// One hop with the credentials of its origin. A challenge (401) that they can answer is answered at once, by
// the same request a second time: no attempt is used up for it.
import type { Failure } from '../../errors.ts';
import { failedHop, type HopEnd } from '../connection/hop-parts.ts';
import type { FetchDeadline } from '../deadline.ts';
import type { Target } from '../target.ts';
import type { AskedHop, Authorization, AuthorizationSource } from './source.ts';

interface HopToAuthorize {
  /** Null: there are no credentials. */
  readonly source: AuthorizationSource | null;
  readonly target: Target;
  readonly fetchDeadline: FetchDeadline;
  /** May the request be sent a second time? Null if it may. */
  readonly again: () => Promise<Failure | null> | undefined;
  readonly hop: (target: Target) => Promise<HopEnd>;
}

/** A request that has an Authorization of its own is sent as it is. */
export function hopWithCredentials({ source, ...given }: HopToAuthorize): Promise<HopEnd> {
  const isPlain = source === null || given.target.headers.authorization !== undefined;
  return isPlain ? given.hop(given.target) : authorizedHop(source, given);
}

async function authorizedHop(
  source: AuthorizationSource,
  { target, fetchDeadline, again, hop }: Omit<HopToAuthorize, 'source'>,
): Promise<HopEnd> {
  const { origin, pathname, search } = target.url;
  const asked: AskedHop = { origin, method: target.method, uri: pathname + search };
  const first = await fetchDeadline.pauseFor(source.authorize(asked));
  if (!first) return hop(target);
  if ('failure' in first) return failedHop(first.failure);
  const end = await hop(withHeader(target, first));
  const next = await fetchDeadline.pauseFor(hear(source, asked, first, end, false));
  if (!next || end.kind !== 'answer') return end;
  const { timings } = end.answer;
  if ('failure' in next) return failedHop(next.failure, timings);
  const refusal = await fetchDeadline.pauseFor(again());
  if (refusal) return failedHop(refusal, timings);
  const last = await hop(withHeader(target, next));
  await fetchDeadline.pauseFor(hear(source, asked, next, last, true));
  return last;
}

async function hear(
  source: AuthorizationSource,
  asked: AskedHop,
  sent: { readonly header: string | null },
  end: HopEnd,
  isLast: boolean,
): Promise<Authorization | null> {
  if (end.kind !== 'answer') return null;
  const { status, headers } = end.answer;
  const { 'www-authenticate': challenge = '', 'authentication-info': info = '' } = headers;
  return source.answered(asked, sent.header, { status, challenge, info }, isLast);
}

/** Credentials are no part of the target: the next hop may be at another origin. */
function withHeader(target: Target, { header }: { readonly header: string | null }): Target {
  return header === null ? target : { ...target, headers: { ...target.headers, authorization: header } };
}
