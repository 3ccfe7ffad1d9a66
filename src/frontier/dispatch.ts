// One turn of dispatch: slots given back, due requests taken from their lanes.
import type { Fleet } from '../fleet.ts';
import { runScript } from '../scripts.ts';

/**
 * fetch: a slot of its limiter key came along, and one of that server if there is a ceiling. ahead: it takes one that is given back where it is
 * taken. ask: the gate must be asked.
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
  /** BullMQ's list of waiting jobs: only its length is read. */
  waitList: string;
  /** How long that list is to be. */
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

/** Atomic. What it hands over stays on the hand-over list until a later turn reports it as arrived. */
export async function dispatch(fleet: Fleet, asked: DispatchRequest): Promise<Dispatched> {
  const args: (string | number)[] = [
    fleet.namespace,
    asked.serve,
    asked.waitList,
    asked.wanted,
    asked.leaseMs,
    asked.releases.length,
  ];
  for (const { key, holder, server } of asked.releases) args.push(key, holder, server);
  args.push(...asked.arrived);
  const reply = (await runScript(
    fleet.redis,
    'frontier/lua/dispatch.lua',
    fleet.keys.activeCrawls,
    args,
  )) as (string | number)[];
  const handed: Handed[] = [];
  for (let i = 2; i + 3 < reply.length; i += 4) {
    const [crawl, id, packed, start] = reply.slice(i, i + 4).map(String) as [string, string, string, string];
    handed.push({ crawl, id, packed, start: start as Start });
  }
  const due = Number(reply[0]);
  return { nextDueMs: due < 0 ? null : due, waiting: Number(reply[1]), handed };
}
