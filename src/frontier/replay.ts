// Dead letters on their way: back into their lanes, or away for good.
import type { Fleet } from '../fleet.ts';
import type { Request } from '../request.ts';
import { runScript } from '../scripts.ts';
import { placeOf } from './entry.ts';

/** How many letters one atomic script call takes. */
export const LETTERS_A_CALL = 200;
/** A crawl with letters of a run counts as unfinished for so long after each step of the run. */
export const REPLAY_LEASE_MS = 10_000;

/** A letter and the request that it is to become. */
export interface Replayed {
  crawl: string;
  id: string;
  request: Request;
}

/** later: it is not in the failed set yet, or the run has opened enough; gone: it is no dead letter any more; cancelled: its crawl is. */
export type ReplayAnswer = 'opened' | 'later' | 'gone' | 'cancelled';
const answers: Record<string, ReplayAnswer> = { 1: 'opened', 0: 'later', '-1': 'gone', '-2': 'cancelled' };

/** The name of a group in the index: letters of one code at one host. */
export function groupOf(code: string, host: string): string {
  return `${code}\x1f${host}`;
}

/**
 * Moves letters to the heads of their lanes, for a run while it is in `phase` and has opened fewer than `most` in all. `group` is the one of
 * the index in which they were found. Atomic with all counters; a letter is moved once however often this is called. At most LETTERS_A_CALL.
 */
export async function replayLetters(
  fleet: Fleet,
  run: { id: string; most: number; phase: string; group: string },
  letters: readonly Replayed[],
): Promise<ReplayAnswer[]> {
  const args: (string | number)[] = [
    fleet.namespace,
    run.id,
    run.most,
    run.phase,
    REPLAY_LEASE_MS,
    run.group,
  ];
  for (const { crawl, id, request } of letters) {
    const { key, priority, limits, entry } = placeOf(request);
    args.push(crawl, id, key, priority || '0', limits, entry);
  }
  const reply = await runScript(fleet.redis, 'frontier/lua/replay.lua', fleet.keys.replay(run.id), args);
  return (reply as number[]).map((answer) => answers[answer] ?? 'gone');
}

/** A letter that is to go; `diedAt` is its job's `finishedOn`. */
export interface Purged {
  crawl: string;
  id: string;
  code: string;
  host: string;
  diedAt: number;
}

/**
 * Removes letters for good, but for those that are others by now (replayed meanwhile); the counters of their crawls stay. Atomic; answers
 * how many were removed. At most LETTERS_A_CALL.
 */
export async function purgeLetters(fleet: Fleet, letters: readonly Purged[]): Promise<number> {
  const args: (string | number)[] = [fleet.namespace];
  for (const { crawl, id, code, host, diedAt } of letters) args.push(crawl, id, groupOf(code, host), diedAt);
  return Number(await runScript(fleet.redis, 'frontier/lua/purge.lua', fleet.keys.activeCrawls, args));
}
