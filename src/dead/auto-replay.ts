// Automatic replay: in each group whose host was down, one letter is tried from time to time. When it is
// recorded, the others follow.

import { entryOf } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { groupOf } from '../frontier/replay.ts';
import type { Log } from '../log.ts';
import type { RequestQueue } from '../queue/queue.ts';
import { ALL_DEAD } from './filter.ts';
import { indexedGroups, reconcileDead } from './groups.ts';
import { driveReplays, stopReplay } from './replay.ts';
import { createRun, type RunAtWork, readRun, runsAtWork } from './replay-runs.ts';

/** With this many runs at work, whoever started them, no further run starts. Each shard has its share. */
const MOST_AT_WORK = 50;
/** Longest wait between two tries of a group, unless the interval is longer. */
const LONGEST_WAIT_MS = 86_400_000;
/**
 * A canary that has not ended after this time (its crawl or its host is paused) no longer blocks its group.
 */
const LONGEST_CANARY_MS = 600_000;

/**
 * What is kept about a group: its last run, the number of failed tries in a row, and when it may be tried
 * again (milliseconds since 1970).
 */
interface GroupMemory {
  run: string | null;
  failed: number;
  nextAt: number;
}

/** Wait before the next try, in milliseconds: `intervalMs`, and twice as long after each failed try. */
export function waitAfter(failed: number, intervalMs: number): number {
  return Math.min(intervalMs * 2 ** Math.min(failed, 30), Math.max(LONGEST_WAIT_MS, intervalMs));
}

/**
 * One round: reads how the last tries ended, and starts runs (a canary of one letter, then all the rest) for
 * groups that are due and have no run at work. Returns how many runs it started. Only one process may call it
 * at a time.
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
  const most = Math.ceil(MOST_AT_WORK / fleet.shards.length);
  let begun = 0;
  for (const { code, host, count } of groups) {
    if (atWork.length + begun >= most) break;
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
    log.info({ code, host, letters: count, replay: run }, 'replaying dead letters of a host that was down');
    begun++;
  }
  if (begun > 0) await driveReplays(fleet, queue);
  return begun;
}

/** What is kept about each group, updated with the results of runs that have ended. */
async function learn(
  fleet: Fleet,
  intervalMs: number,
  present: ReadonlySet<string>,
): Promise<Map<string, GroupMemory>> {
  const memories = new Map<string, GroupMemory>();
  for (const [group, text] of Object.entries(await fleet.redis.hgetall(fleet.keys.autoReplays))) {
    const memory = JSON.parse(text) as GroupMemory;
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

async function judge(
  fleet: Fleet,
  memory: GroupMemory,
  id: string,
  intervalMs: number,
): Promise<GroupMemory> {
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

/** True when every letter was recorded. A group where some letters failed again is tried less often. */
function cameThrough({ phase, recorded, dead }: RunAtWork): boolean {
  return phase === 'done' && recorded > 0 && dead === 0;
}

async function remember(fleet: Fleet, group: string, memory: GroupMemory): Promise<void> {
  await fleet.redis.hset(fleet.keys.autoReplays, group, JSON.stringify(memory));
}
