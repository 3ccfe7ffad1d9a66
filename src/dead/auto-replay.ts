// Automatic replay: of each group whose host was down, one letter is tried now and then, and the others follow when it comes through.

import { entryOf } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { groupOf } from '../frontier/replay.ts';
import type { Log } from '../log.ts';
import type { RequestQueue } from '../queue/queue.ts';
import { ALL_DEAD } from './filter.ts';
import { indexedGroups, reconcileDead } from './groups.ts';
import { driveReplays, stopReplay } from './replay.ts';
import { createRun, type RunAtWork, readRun, runsAtWork } from './replay-runs.ts';

/** Runs at work, whoever began them, beyond which no further one begins. */
const MOST_AT_WORK = 50;
/** Longest wait between two tries of a group, unless the interval itself is longer. */
const LONGEST_WAIT_MS = 86_400_000;
/** A canary that has not ended after so long (its crawl is paused, its host too) holds the group up no longer. */
const LONGEST_CANARY_MS = 600_000;

/** What is remembered of a group: its last run, failed tries in a row, and when it may be tried again (ms since 1970). */
interface Memory {
  run: string | null;
  failed: number;
  nextAt: number;
}

/** The group's letters are tried after `interval`, twice, four times that, … as tries fail. */
export function waitAfter(failed: number, intervalMs: number): number {
  return Math.min(intervalMs * 2 ** Math.min(failed, 30), Math.max(LONGEST_WAIT_MS, intervalMs));
}

/**
 * One round: learns how the last tries ended, and begins runs (a canary of one, then all the rest) for groups that are due and on which no run
 * is at work. Answers how many began. To be called by one process at a time.
 */
export async function replayDowned(
  parts: { fleet: Fleet; queue: RequestQueue; log: Log },
  intervalMs: number,
): Promise<number> {
  const { fleet, queue, log } = parts;
  await reconcileDead(fleet, queue);
  const atWork = await runsAtWork(fleet);
  const busy = new Set(atWork.map(({ code, host }) => groupOf(code, host)));
  const groups = (await indexedGroups(fleet, { code: null, host: null })).filter(
    ({ code, count }) => entryOf(code)?.hostDown && count > 0,
  );
  const present = new Set(groups.map(({ code, host }) => groupOf(code, host)));
  const memories = await learn(fleet, intervalMs, present);
  let begun = 0;
  for (const { code, host, count } of groups) {
    if (atWork.length + begun >= MOST_AT_WORK) break;
    const group = groupOf(code, host);
    const memory = memories.get(group) ?? { run: null, failed: 0, nextAt: 0 };
    if (busy.has(group) || memory.run !== null || memory.nextAt > Date.now()) continue;
    const how = { canary: 1, rate: 1, overrides: {}, total: count };
    const run = await createRun(fleet, {
      ...how,
      code,
      host,
      filter: { ...ALL_DEAD, code, host },
    });
    await remember(fleet, group, { ...memory, run });
    log.info({ code, host, letters: count, replay: run }, 'trying a host again');
    begun++;
  }
  if (begun > 0) await driveReplays(fleet, queue);
  return begun;
}

/** What is known of each group, by now. */
async function learn(
  fleet: Fleet,
  intervalMs: number,
  present: ReadonlySet<string>,
): Promise<Map<string, Memory>> {
  const memories = new Map<string, Memory>();
  for (const [group, text] of Object.entries(await fleet.redis.hgetall(fleet.keys.autoReplays))) {
    const memory = JSON.parse(text) as Memory;
    const next = memory.run === null ? memory : await judge(fleet, memory, memory.run, intervalMs);
    const isOver =
      next.run === null && (next.failed === 0 || (!present.has(group) && next.nextAt <= Date.now()));
    if (isOver) await fleet.redis.hdel(fleet.keys.autoReplays, group);
    else {
      if (next !== memory) await remember(fleet, group, next);
      memories.set(group, next);
    }
  }
  return memories;
}

async function judge(fleet: Fleet, memory: Memory, id: string, intervalMs: number): Promise<Memory> {
  let run = await readRun(fleet, id);
  if (run && run.endedAt === null) {
    if (run.phase !== 'canary' || Date.now() - Date.parse(run.startedAt) < LONGEST_CANARY_MS) return memory;
    await stopReplay(fleet, id);
    run = null;
  }
  if (run && cameThrough(run)) return { run: null, failed: 0, nextAt: 0 };
  const failed = memory.failed + 1;
  return { run: null, failed, nextAt: Date.now() + waitAfter(failed, intervalMs) };
}

/** All of it: where some died again, they are tried less often. */
function cameThrough({ phase, recorded, dead }: RunAtWork): boolean {
  return phase === 'done' && recorded > 0 && dead === 0;
}

async function remember(fleet: Fleet, group: string, memory: Memory): Promise<void> {
  await fleet.redis.hset(fleet.keys.autoReplays, group, JSON.stringify(memory));
}
