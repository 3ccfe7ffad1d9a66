// Starts a run of a schedule that is due: begins its crawl and offers its seeds.
import { randomUUID } from 'node:crypto';
import { leaveCrawl, PRODUCER_LEASE_MS } from '../crawl/crawl.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import type { DueRun } from '../queue/schedule-queue.ts';
import { defineScript } from '../scripts.ts';
import { offerSeeds } from '../seeds/offer.ts';
import { withSitemaps } from '../seeds/sitemaps.ts';
import { urlRulesOf } from '../url/normalize.ts';
import { readSchedule, type ScheduledSeed } from './schedules.ts';

interface Start {
  kind: 'gone' | 'started' | 'skipped';
  crawl: string;
  /** The seeds of the crawl must be offered: by whoever got this answer, whose lease it has. */
  mustOffer: boolean;
}

const startScript = defineScript({
  path: 'schedules/lua/start-run.lua',
  key: (keys) => keys.schedules,
  args: ({ run, producer }: { run: DueRun; producer: string }) => [
    ...[run.schedule, run.token, run.due, producer, PRODUCER_LEASE_MS],
    randomUUID().slice(0, 8),
  ],
  answer: (reply): Start => {
    const [kind, crawl = '', mustOffer = 0] = reply as [Start['kind'], string?, number?];
    return { kind, crawl, mustOffer: mustOffer === 1 };
  },
});

/**
 * Starts the run, unless this due time was dealt with before or the former run goes on. Resolves when all
 * seeds are durable, with true; with false when `stopped` says so before that: then the same call goes on
 * later, in any process. Rejects with errors of Redis.
 */
export async function startRun(
  parts: { fleet: Fleet; log: Log; stopped: () => boolean },
  run: DueRun,
): Promise<boolean> {
  const { fleet, log, stopped } = parts;
  // Whoever takes the job over has the lease of the one who had it before.
  const producer = `schedule.${run.schedule}.${run.due}`;
  const { kind, crawl, mustOffer } = await fleet.run(startScript, { run, producer });
  const { schedule } = run;
  const said = { schedule, due: new Date(run.due).toISOString(), ...(crawl ? { crawl } : {}) };
  if (kind === 'skipped') log.warn(said, 'scheduled run skipped: the former one goes on');
  if (kind === 'started' && mustOffer) log.info(said, 'scheduled run started');
  if (!mustOffer) return true;
  const kept = await readSchedule(fleet, schedule);
  const { settings, seeds } = kept ?? { settings: null, seeds: [] };
  if (settings) {
    const rules = urlRulesOf(settings);
    await offerSeeds({
      ...{ fleet, crawl, producer, stopped, maxFrontier: settings.maxFrontier },
      keepSeeds: settings.keepSeeds > 0,
      lines: withSitemaps(linesOf(seeds), settings, rules),
      onBadLine: ({ failure }) => log.warn({ ...said, reason: failure.message }, 'seed of a schedule'),
    });
  }
  if (stopped()) return false;
  await leaveCrawl(fleet, crawl, producer);
  return true;
}

async function* linesOf(seeds: readonly ScheduledSeed[]) {
  for (const [index, seed] of seeds.entries()) yield { source: 'schedule', line: index + 1, ...seed };
}
