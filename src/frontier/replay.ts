// Moves dead letters: back into their lanes, or away for good.
import type { Fleet } from '../fleet.ts';
import type { Request } from '../request.ts';
import { defineScript, oneOf, type ScriptArgument, type ScriptReply } from '../scripts.ts';
import { placeOf } from './entry.ts';

/** How many letters one atomic script call takes. */
export const LETTERS_A_CALL = 200;
/** After each step of a run, a crawl with letters of that run counts as unfinished for this time. */
export const REPLAY_LEASE_MS = 10_000;

/** A letter, and the request that it becomes. */
export interface Replayed {
  crawl: string;
  id: string;
  request: Request;
}

/**
 * opened: it is back in its lane. later: it is not in the failed set yet, or the run has opened enough. gone:
 * it is no longer a dead letter. cancelled: its crawl was cancelled.
 */
export type LetterReplay = 'opened' | 'later' | 'gone' | 'cancelled';
const answerOf = oneOf<LetterReplay>('opened', 'later', 'gone', 'cancelled');

/**
 * A run that brings letters back. It may have opened at most this many letters in all, and only while it is
 * in this phase.
 */
export interface ReplayStep {
  id: string;
  most: number;
  phase: string;
  group: string;
}

const replayScript = defineScript({
  path: 'frontier/lua/replay.lua',
  isAcknowledged: true,
  key: (keys, { run }) => keys.replay(run.id),
  args: ({ run, letters }: { run: ReplayStep; letters: readonly Replayed[] }) => {
    const args: ScriptArgument[] = [run.id, run.most, run.phase, REPLAY_LEASE_MS, run.group];
    for (const { crawl, id, request } of letters) {
      const { key, priority, limits, entry } = placeOf(request);
      args.push(crawl, id, key, priority || '0', limits, entry);
    }
    return args;
  },
  answer: (reply) => (reply as ScriptReply[]).map(answerOf),
});

const purgeScript = defineScript({
  path: 'frontier/lua/purge.lua',
  key: (keys) => keys.activeCrawls,
  args: (letters: readonly Purged[]) =>
    letters.flatMap(({ crawl, id, code, host, diedAt }) => [crawl, id, groupOf(code, host), diedAt]),
  answer: Number,
});

/** The name of a group in the index: the letters of one code at one host. */
export function groupOf(code: string, host: string): string {
  return `${code}\x1f${host}`;
}

/**
 * Moves letters to the heads of their lanes, for a run that is in `phase` and has opened fewer than `most`
 * letters in all. `group` is the group of the index in which they were found. Atomic with all counters; a
 * letter is moved once, however often this is called. At most LETTERS_A_CALL letters.
 */
export function replayLetters(
  fleet: Fleet,
  run: ReplayStep,
  letters: readonly Replayed[],
): Promise<LetterReplay[]> {
  return fleet.run(replayScript, { run, letters });
}

/** A letter to remove. `diedAt` is the `finishedOn` of its job. */
export interface Purged {
  crawl: string;
  id: string;
  code: string;
  host: string;
  diedAt: number;
}

/**
 * Removes letters for good, except those that were replayed meanwhile, which are other letters now. The
 * counters of their crawls stay. Atomic. Returns how many were removed. At most LETTERS_A_CALL letters.
 */
export function purgeLetters(fleet: Fleet, letters: readonly Purged[]): Promise<number> {
  return fleet.run(purgeScript, letters);
}
