// Starts a run of a schedule that is due: begins its crawl and offers its seeds.
import { randomUUID } from 'node:crypto';
import { storedSettings } from '../config/settings.ts';
import { leaveCrawl, PRODUCER_LEASE_MS } from '../crawl/crawl.ts';
import { beginParts } from '../crawl/shards/parts.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import type { DueRun } from '../queue/schedule-queue.ts';
import { defineScript } from '../scripts.ts';
import { keptSeeds } from '../seeds/kept.ts';
import { offerSeeds } from '../seeds/offer.ts';
import { withSitemaps } from '../seeds/sitemaps.ts';
import { urlRulesOf } from '../url/normalize.ts';
import { type NextRun, nextRunOf } from './next-run.ts';
import { type KeptSchedule, readSchedule, type ScheduledSeed } from './schedules.ts';

interface Start {
  kind: 'gone' | 'changed' | 'started' | 'skipped';
  crawl: string;
  /** The seeds of the crawl must be offered: by whoever got this answer, whose lease it has. */
  mustOffer: boolean;
  /** The code of the error because of which it was skipped; '' if the former run goes on. */
  why: string;
}

interface DueStart {
  run: DueRun;
  producer: string;
  schedule: KeptSchedule;
  next: NextRun;
}

const startScript = defineScript({
  path: 'schedules/lua/start-run.lua',
  key: (keys) => keys.schedules,
  args: ({ run, producer, schedule, next }: DueStart) => [
    ...[run.schedule, schedule.token, run.due, producer, PRODUCER_LEASE_MS, randomUUID().slice(0, 8)],
    ...[next.why ?? '', JSON.stringify(next.settings), next.seedsText, next.store],
    ...[next.former ? JSON.stringify(next.former) : '', schedule.changes === null ? '' : '1'],
    next.seeds ?? '',
  ],
  answer: (reply): Start => {
    const [kind, crawl = '', mustOffer = 0, why = ''] = reply as [Start['kind'], string?, number?, string?];
    return { kind, crawl, mustOffer: mustOffer === 1, why };
  },
});

interface Parts {
  fleet: Fleet;
  log: Log;
  stopped: () => boolean;
}

/**
 * Starts the run, unless this due time was dealt with before, the former run goes on, or no crawl can begin.
 * Resolves when all seeds are durable, with true; with false when `stopped` says so before that: then the
 * same call goes on later, in any process. Rejects with errors of Redis.
 */
export async function startRun(parts: Parts, run: DueRun): Promise<boolean> {
  const { fleet, log, stopped } = parts;
  // Whoever takes the job over has the lease of the one who had it before.
  const producer = `schedule.${run.schedule}.${run.due}`;
  const begun = await begin(fleet, run, producer);
  if (begun === null) return true;
  const { kind, crawl, mustOffer, why, schedule, former } = begun;
  const said = {
    ...{ schedule: run.schedule, due: new Date(run.due).toISOString() },
    ...(crawl ? { crawl } : {}),
  };
  if (why) log.error({ ...said, why }, 'scheduled run skipped: no crawl can begin');
  else if (kind === 'skipped') log.warn(said, 'scheduled run skipped: the former one goes on');
  if (!mustOffer) return true;
  if (kind === 'started') log.info({ ...said, former }, 'scheduled run started');
  await offerAll(parts, { crawl, producer, schedule }, (reason) =>
    log.warn({ ...said, reason }, 'seed of a schedule'),
  );
  if (stopped()) return false;
  await leaveCrawl(fleet, crawl, producer);
  return true;
}

/** Null when the schedule is gone, or another has its name. */
async function begin(
  fleet: Fleet,
  run: DueRun,
  producer: string,
): Promise<(Start & { schedule: KeptSchedule; former: string | null }) | null> {
  for (;;) {
    const schedule = await readSchedule(fleet, run.schedule);
    if (schedule === null || (run.token !== '' && run.token !== schedule.token)) return null;
    const next = await nextRunOf(fleet, run.schedule, schedule);
    const start = await fleet.run(startScript, { run, producer, schedule, next });
    if (start.mustOffer) await beginParts(fleet, start.crawl);
    // Otherwise the schedule was replaced or removed, or the former run forgotten, since they were read.
    if (start.kind === 'started' || start.kind === 'skipped')
      return { ...start, schedule, former: next.former?.crawl ?? null };
  }
}

async function offerAll(
  { fleet, stopped }: Parts,
  { crawl, producer, schedule }: { crawl: string; producer: string; schedule: KeptSchedule },
  onBadLine: (reason: string) => void,
): Promise<void> {
  const text = await fleet.redis.hget(fleet.keys.crawl(crawl), 'settings');
  if (text === null) return;
  const settings = storedSettings(text);
  const rules = urlRulesOf(settings);
  // A crawl that repeats the seeds of the former run has been given them, and the hosts that they name.
  const hasOwn = schedule.changes === null;
  const seeds = hasOwn ? linesOf(schedule.seeds) : keptSeeds(fleet, crawl, rules);
  await offerSeeds({
    ...{ fleet, crawl, producer, stopped, maxFrontier: settings.maxFrontier },
    keepSeeds: settings.keepSeeds > 0 && hasOwn,
    mayNameHosts: hasOwn,
    lines: withSitemaps(seeds, settings, rules),
    onBadLine: ({ failure }) => onBadLine(failure.message),
  });
}

async function* linesOf(seeds: readonly ScheduledSeed[]) {
  for (const [index, seed] of seeds.entries()) yield { source: 'schedule', line: index + 1, ...seed };
}
