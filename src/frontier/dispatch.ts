// One dispatch: gives slots back and takes due requests from their lanes.
import type { Fleet } from '../fleet.ts';
import { defineScript, type ScriptArgument, type ScriptReply } from '../scripts.ts';

/**
 * How a request starts. fetch: it has a slot of its limiter key, and one of SERVER if there is a ceiling.
 * ahead: the consumer that takes it waits for a slot that comes free there. ask: the gate must be asked.
 */
export type Start = 'fetch' | `fetch@${string}` | 'ahead' | 'ask';

export interface Handed {
  crawl: string;
  id: string;
  packed: string;
  start: Start;
}

export interface Release {
  key: string;
  holder: string;
  /** The server against whose ceiling it counted; '' for none. */
  server: string;
}

export interface DispatchRequest {
  /** The one crawl to serve, or '*' for all. */
  serve: string;
  /** How many jobs should wait in the queue. */
  wanted: number;
  leaseMs: number;
  releases: readonly Release[];
  /** Members of the hand-over list that are now in the queue. */
  arrived: readonly string[];
}

export interface Dispatched {
  /** Milliseconds until the next lane is due; null when there is none. */
  nextDueMs: number | null;
  waiting: number;
  handed: Handed[];
}

const dispatchScript = defineScript({
  path: 'frontier/lua/dispatch.lua',
  key: (keys) => keys.activeCrawls,
  args: dispatchArgs,
  answer: readDispatched,
});

/** Makes the arguments in the order of dispatch.lua. */
function dispatchArgs(asked: DispatchRequest): ScriptArgument[] {
  const { serve, wanted, leaseMs, releases, arrived } = asked;
  const args: ScriptArgument[] = [serve, wanted, leaseMs, releases.length];
  for (const { key, holder, server } of releases) args.push(key, holder, server);
  for (const member of arrived) args.push(member);
  return args;
}

function readDispatched(reply: ScriptReply): Dispatched {
  const [due, waiting, ...requests] = reply as [number, number, ...string[]];
  const handed: Handed[] = [];
  for (let i = 0; i + 3 < requests.length; i += 4) {
    const [crawl, id, packed, start] = [requests[i], requests[i + 1], requests[i + 2], requests[i + 3]];
    handed.push({ crawl, id, packed, start } as Handed);
  }
  return { nextDueMs: due < 0 ? null : due, waiting, handed };
}

/**
 * Atomic. A request that is handed over stays on the hand-over list until a later dispatch reports that it
 * has arrived.
 */
export function dispatch(fleet: Fleet, asked: DispatchRequest): Promise<Dispatched> {
  return fleet.run(dispatchScript, asked);
}
