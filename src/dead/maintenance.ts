// Maintenance of dead letters that consumers do by themselves: they delete old letters and replay those of
// hosts that were down.
import type { Settings } from '../config/settings.ts';
import { keepLease, repeat, takeLease } from '../fleet/interval.ts';
import type { TroubleLog } from '../fleet/trouble-log.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import type { RequestQueue } from '../queue/queue.ts';
import { replayDowned } from './auto-replay.ts';
import { purgeOldDead } from './retention.ts';
import { deadShards } from './shards/letters.ts';

/**
 * How often a consumer checks whether a round is due. Rounds are rarer, and a lease lets one process of the
 * fleet do each.
 */
const ASK_MS = 1000;
const RETENTION_MS = 30_000;

export interface DeadMaintenance {
  /** Resolves when the current step is done. */
  stop(): Promise<void>;
}

interface Parts {
  fleet: Fleet;
  /** Those of all shards. */
  queues: readonly RequestQueue[];
  settings: Settings;
  log: Log;
  troubles: TroubleLog;
}

/**
 * Starts the maintenance. Does nothing when none of --keep-dead, --keep-dead-count and --auto-replay is set.
 */
export function maintainDeadLetters(parts: Parts): DeadMaintenance {
  const { keepDead, keepDeadCount, autoReplay } = parts.settings;
  const intervals: ((isStopping: () => boolean) => Promise<void>)[] = [];
  if (keepDead !== null || keepDeadCount !== null) intervals.push((isStopping) => dropOld(parts, isStopping));
  if (autoReplay > 0) intervals.push(() => tryAgain(parts));
  let stopping = false;
  const onError = (error: unknown) => parts.troubles.note(error, 'dead letters', {}, 'error');
  const round = async () => {
    for (const interval of intervals) {
      if (stopping) return;
      await interval(() => stopping).catch(onError);
    }
  };
  const asking = intervals.length > 0 ? repeat(ASK_MS, round, onError) : null;
  return {
    async stop() {
      stopping = true;
      await asking?.stop();
    },
  };
}

async function dropOld(parts: Parts, isStopping: () => boolean): Promise<void> {
  const { fleet, queues, settings, log } = parts;
  if (!(await takeLease(fleet, 'retention', RETENTION_MS))) return;
  await purgeOldDead({ shards: deadShards(fleet, queues), settings, log }, async () => {
    if (isStopping()) return false;
    await keepLease(fleet, 'retention', RETENTION_MS);
    return true;
  });
}

async function tryAgain(parts: Parts): Promise<void> {
  const { fleet, queues, settings, log } = parts;
  for (const shard of deadShards(fleet, queues))
    if (await takeLease(shard.fleet, 'auto-replay', settings.autoReplay))
      await replayDowned({ ...shard, log }, settings.autoReplay);
}
