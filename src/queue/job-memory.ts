// What a job keeps while it is delayed or postponed. It is stored in BullMQ's `progress`, so that the next
// consumer has it.
import type { Waypoint } from '../fetch/waypoint.ts';
import type { Offer } from '../identity/signs-as.ts';
import type { PackedAttempt } from './attempts.ts';

/** Kept by a request that was in hand when a consumer died (consumers/suspicion.ts). */
export interface AloneNote {
  /** It is being fetched alone. The consumer that survives the fetch takes this back. */
  isOpen: boolean;
  /** How many consumers died before while they fetched nothing else. */
  deaths: number;
  /** The job's count of stalls when this was noted. */
  stalls: number;
}

export interface JobMemory {
  /** When the server first told it to come later; null if it has not. Milliseconds since 1970. */
  rateLimitedAt: number | null;
  /** The hop of its redirects from which it goes on, because the gate of that host was closed. */
  hop: Waypoint | null;
  /** The failed attempts so far, for the dead letter. The newest 20. */
  tries: PackedAttempt[];
  /** Null if no consumer died with it in hand. */
  alone: AloneNote | null;
  /** A link that is only checked is asked for with GET: the server did not like HEAD. */
  wantsGet?: boolean;
  /** Since when it has waited for a proxy. Milliseconds since 1970. */
  noProxyAt?: number;
  /** It is asked for without conditions: the server did not know what to do with them. */
  unconditional?: boolean;
  /** The page has a price, and is asked for with this offer. */
  pays?: Offer | null;
  /** Its page had no text: a browser is to make it (--render-when empty). */
  render?: boolean;
  /** The name of the session in which its redirects began. */
  session?: string;
  /** How often it showed the login instead of the page. */
  loggedOut?: number;
  /** --max-spend had no room for it. */
  unpaid?: boolean;
}

/** The name that the former version used for a field. */
interface FormerMemory {
  toldOffAt?: number | null;
}

/** A job that has kept nothing has a number there. */
export function memoryIn({ progress }: { progress: unknown }): JobMemory {
  const kept = typeof progress === 'object' && progress !== null ? progress : {};
  const { rateLimitedAt, toldOffAt, hop, tries, alone, wantsGet, noProxyAt, unconditional, pays, unpaid } =
    kept as Partial<JobMemory> & FormerMemory;
  const { render, session, loggedOut } = kept as Partial<JobMemory>;
  return {
    rateLimitedAt: rateLimitedAt ?? toldOffAt ?? null,
    hop: hop ?? null,
    tries: tries ?? [],
    alone: alone ?? null,
    ...(wantsGet ? { wantsGet } : {}),
    ...(noProxyAt ? { noProxyAt } : {}),
    ...(unconditional ? { unconditional } : {}),
    ...(pays ? { pays } : {}),
    ...(unpaid ? { unpaid } : {}),
    ...(render ? { render } : {}),
    ...(hop && session !== undefined ? { session } : {}),
    ...(loggedOut ? { loggedOut } : {}),
  };
}
