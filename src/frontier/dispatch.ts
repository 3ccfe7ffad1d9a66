// One turn of dispatch: slots given back, due requests taken from their lanes.
import type { Fleet } from '../fleet.ts';
import { defineScript, type ScriptArgument, type ScriptReply } from '../scripts.ts';

/**
 * fetch: a slot of its limiter key came along, and one of that server if there is a ceiling. ahead: it takes
 * one that is given back where it is taken. ask: the gate must be asked.
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
  /** Whose ceiling it counted against; '' for none. */
  server: string;
}

export interface DispatchRequest {
  /** The one crawl to serve, or '*' for all. */
  serve: string;
  /** How many jobs are to wait in the queue. */
  wanted: number;
  leaseMs: number;
  releases: readonly Release[];
  /** Members of the hand-over list that are in the queue now. */
  arrived: readonly string[];
}

export interface Dispatched {
  /** Until the next lane is due; null when there is none. */
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

/** In the order of dispatch.lua. */
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

/** Atomic. What it hands over stays on the hand-over list until a later turn reports it as arrived. */
export function dispatch(fleet: Fleet, asked: DispatchRequest): Promise<Dispatched> {
  return fleet.run(dispatchScript, asked);
}
