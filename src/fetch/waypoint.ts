// The hops of a chain of redirects: what is known at each of them, and what a later fetch needs to go on from
// there.
import type { Redirected } from '../outcome.ts';
import type { StoredCookie } from './cookies/hop-cookies.ts';
import type { Target } from './target.ts';

/** What an answer that is followed says besides its Location. */
export interface RedirectAnswer {
  status: number;
  /** The Retry-After header as it came. */
  retryAfter: string | null;
  /** The lines of Set-Cookie as they came. */
  setCookie: readonly string[];
}

/** A hop of a request's redirects. */
export interface Waypoint {
  url: string;
  method: string;
  /** Number of redirects that led to this hop. */
  redirects: number;
  /**
   * True if this hop or an earlier one is at another origin than the request: its own headers are not sent.
   */
  isAway: boolean;
  /** Whether the request's body is sent to this hop. */
  withBody: boolean;
  /** The cookies that the redirects before it have set, where no jar keeps them. */
  cookies?: StoredCookie[];
  /** The answers that led here; absent in what an older version kept. */
  redirected?: readonly Redirected[];
}

/** `redirects`: how many led to this target. `isAway`, `cookies`: see Waypoint. */
export function waypointOf(
  { url, method, body }: Target,
  redirects: number,
  isAway: boolean,
  cookies: StoredCookie[] | undefined,
): Waypoint {
  const hop = { url: url.href, method, redirects, isAway, withBody: body !== null };
  return cookies ? { ...hop, cookies } : hop;
}
