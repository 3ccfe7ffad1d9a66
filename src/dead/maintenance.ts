// What consumers do with dead letters by themselves: drop old ones, and try again where a host was down.
import type { Settings } from '../config/settings.ts';
import { keepLease, repeat, takeLease } from '../fleet/interval.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import type { RequestQueue } from '../queue/queue.ts';
import { replayDowned } from './auto-replay.ts';
import { purgeOldDead } from './retention.ts';

/** How often it is asked whether something is due; the rounds themselves are rarer, and one process of the fleet does each. */
const ASK_MS = 1000;
const RETENTION_MS = 30_000;

export interface DeadTender {
  /** Resolves when the step at hand is done. */
  stop(): Promise<void>;
}

interface Parts {
  fleet: Fleet;
  queue: RequestQueue;
  settings: Settings;
  log: Log;
}

/** Does nothing at all where neither --keep-dead, --keep-dead-count nor --auto-replay is set. */
export function maintainDeadLetters(parts: Parts): DeadTender {
  const { keepDead, keepDeadCount, autoReplay } = parts.settings;
  const intervals: ((isStopping: () => boolean) => Promise<void>)[] = [];
  if (keepDead !== null || keepDeadCount !== null) intervals.push((isStopping) => dropOld(parts, isStopping));
  if (autoReplay > 0) intervals.push(() => tryAgain(parts));
  let stopping = false;
  const round = async () => {
    for (const interval of intervals) {
      if (stopping) return;
      await interval(() => stopping).catch((err: unknown) => parts.log.error({ err }, 'dead letters'));
    }
  };
  const onError = (err: unknown) => parts.log.error({ err }, 'dead letters');
  const asking = intervals.length > 0 ? repeat(ASK_MS, round, onError) : null;
  return {
    async stop() {
      stopping = true;
      await asking?.stop();
    },
  };
}

async function dropOld(parts: Parts, isStopping: () => boolean): Promise<void> {
  const { fleet } = parts;
  if (!(await takeLease(fleet, 'retention', RETENTION_MS))) return;
  await purgeOldDead(parts, async () => {
    if (isStopping()) return false;
    await keepLease(fleet, 'retention', RETENTION_MS);
    return true;
  });
}

async function tryAgain(parts: Parts): Promise<void> {
  const { fleet, settings } = parts;
  if (await takeLease(fleet, 'auto-replay', settings.autoReplay))
    await replayDowned(parts, settings.autoReplay);
}
