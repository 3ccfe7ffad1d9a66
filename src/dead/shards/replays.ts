// Replay runs of all shards of a fleet. A group of which several shards have letters has a run on each.
import { DroverError } from '../../errors.ts';
import { groupOf } from '../../frontier/replay.ts';
import type { DeadFilter } from '../filter.ts';
import type { DeadShard } from '../read.ts';
import { type ReplayHow, startReplay, stopReplay } from '../replay.ts';
import { listReplays, type ReplayRun, readRun, shownRun } from '../replay-runs.ts';
import { countReplayable, type Replayable } from '../replayable.ts';

/** As countReplayable, over all shards. */
export async function countReplayableOn(
  shards: readonly DeadShard[],
  filter: DeadFilter,
): Promise<Replayable> {
  const parts = await Promise.all(shards.map(({ fleet, queue }) => countReplayable(fleet, queue, filter)));
  const groups = new Map<string, Replayable['groups'][number]>();
  for (const { code, host, count } of parts.flatMap((part) => part.groups)) {
    const name = groupOf(code, host);
    groups.set(name, { code, host, count: count + (groups.get(name)?.count ?? 0) });
  }
  return {
    groups: [...groups.values()].sort((a, b) => b.count - a.count),
    cancelled: parts.reduce((sum, { cancelled }) => sum + cancelled, 0),
  };
}

/** As startReplay, over all shards: a process that dies meanwhile has started the runs of some of them. */
export async function startReplayOn(
  shards: readonly DeadShard[],
  filter: DeadFilter,
  how: ReplayHow,
): Promise<ReplayRun[]> {
  const runs: ReplayRun[] = [];
  for (const { fleet, queue } of shards) runs.push(...(await startReplay(fleet, queue, filter, how)));
  return shards.length === 1 ? runs : runs.sort((a, b) => b.total - a.total);
}

/** The run with this id, on whichever shard it is. Throws E_REPLAY_UNKNOWN. */
export async function lookAtReplayOn(shards: readonly DeadShard[], id: string): Promise<ReplayRun> {
  return (await findRun(shards, id)).run;
}

/** As stopReplay. Throws E_REPLAY_UNKNOWN. */
export async function stopReplayOn(shards: readonly DeadShard[], id: string): Promise<ReplayRun> {
  return stopReplay((await findRun(shards, id)).shard.fleet, id);
}

async function findRun(
  shards: readonly DeadShard[],
  id: string,
): Promise<{ shard: DeadShard; run: ReplayRun }> {
  const runs = await Promise.all(shards.map(({ fleet }) => readRun(fleet, id)));
  for (const [index, run] of runs.entries())
    if (run) return { shard: shards[index] as DeadShard, run: shownRun(run) };
  throw new DroverError('E_REPLAY_UNKNOWN', `${id}.`);
}

/** Runs, newest first, at most `most`. Ended runs are kept for a week. */
export async function listReplaysOn(shards: readonly DeadShard[], most = 1000): Promise<ReplayRun[]> {
  const runs = await Promise.all(shards.map(({ fleet }) => listReplays(fleet, most)));
  if (runs.length === 1) return runs[0] as ReplayRun[];
  return runs
    .flat()
    .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
    .slice(0, most);
}
