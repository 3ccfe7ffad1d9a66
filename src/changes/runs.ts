// Which runs are compared: by default the newest run of a name that has finished, and the one before it.
import { type CrawlSettings, storedSettings } from '../config/settings.ts';
import { exactCrawl, findCrawl } from '../crawl/crawl.ts';
import { readCrawl } from '../crawl/shards/parts.ts';
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';

/** A run that has ended. */
export interface EndedRun {
  crawl: string;
  name: string;
  state: 'finished' | 'cancelled';
  createdAt: number;
}

export interface ChosenRuns {
  from: EndedRun;
  to: EndedRun;
  /** Runs of the name that are older than both, newest first. */
  earlier: EndedRun[];
  /** Whether there are more of them than MOST_EARLIER_RUNS. */
  hasMoreEarlier: boolean;
  /** Runs that would have been taken if they had finished. */
  passedOver: { crawl: string; state: string }[];
}

export interface GivenRuns {
  /** A name, which means its newest run that has finished, or an id. It is not looked at with `to`. */
  crawl?: string;
  /** Ids in place of the runs that are taken by default. */
  from?: string | undefined;
  to?: string | undefined;
}

/** Earlier runs in which a page is looked for that has come back. */
export const MOST_EARLIER_RUNS = 20;
const RUNS_PER_CALL = 100;

/** Throws E_CRAWL_UNKNOWN; E_CRAWL_OPEN for a named run that has not ended; E_RUN_NONE. */
export async function chooseRuns(fleet: Fleet, { crawl = '', from, to }: GivenRuns): Promise<ChosenRuns> {
  const passedOver: ChosenRuns['passedOver'] = [];
  const onPassed: OnPassed = ({ crawl: run, state }) => passedOver.push({ crawl: run, state });
  const newer =
    to === undefined
      ? await newestRun(fleet, crawl, onPassed)
      : await namedRun(fleet, await exactCrawl(fleet, to));
  const older =
    from === undefined
      ? await firstFinished(runsOf(fleet, newer.name, newer), onPassed)
      : await namedRun(fleet, await exactCrawl(fleet, from));
  if (older === null)
    throw new DroverError('E_RUN_NONE', `${newer.crawl} is the first run of ${newer.name}.`);
  if (older.crawl === newer.crawl)
    throw new DroverError('E_RUN_NONE', `${older.crawl} would be compared with itself.`);
  const earlier: EndedRun[] = [];
  for await (const run of runsOf(fleet, newer.name, newer)) {
    const isEarlier = run.crawl !== older.crawl && run.createdAt < older.createdAt && isEnded(run);
    if (isEarlier && earlier.push(run) > MOST_EARLIER_RUNS) break;
  }
  const hasMoreEarlier = earlier.length > MOST_EARLIER_RUNS;
  return { from: older, to: newer, earlier: earlier.slice(0, MOST_EARLIER_RUNS), hasMoreEarlier, passedOver };
}

type OnPassed = (run: FoundRun) => void;

async function newestRun(fleet: Fleet, given: string, onPassed: OnPassed): Promise<EndedRun> {
  const isName = (await fleet.redis.hexists(fleet.keys.newestOfName, given)) === 1;
  if (!isName) return namedRun(fleet, await findCrawl(fleet, given));
  const newest = await firstFinished(runsOf(fleet, given), onPassed);
  if (newest) return newest;
  throw new DroverError('E_RUN_NONE', `No run of ${given} has finished.`);
}

async function firstFinished(runs: AsyncIterable<FoundRun>, onPassed: OnPassed): Promise<EndedRun | null> {
  for await (const run of runs) {
    if (run.state === 'finished' && isEnded(run)) return run;
    onPassed(run);
  }
  return null;
}

async function namedRun({ redis, keys }: Fleet, crawl: string): Promise<EndedRun> {
  const run = foundRun(crawl, await redis.hmget(keys.crawl(crawl), ...FIELDS));
  if (run && isEnded(run)) return run;
  throw new DroverError('E_CRAWL_OPEN', `${crawl} is ${run?.state ?? 'not known'}.`);
}

interface FoundRun extends Omit<EndedRun, 'state'> {
  state: string;
  isOffered: boolean;
}

const FIELDS = ['name', 'state', 'createdAt', 'offering'] as const;

function foundRun(crawl: string, [name, state, createdAt, offering]: (string | null)[]): FoundRun | null {
  if (!state) return null;
  return { crawl, name: name ?? crawl, state, createdAt: Number(createdAt), isOffered: offering === null };
}

/** Of a run whose producer died while it offered, the rest of the seeds may still come. */
function isEnded(run: FoundRun): run is FoundRun & EndedRun {
  return run.state === 'cancelled' || (run.state === 'finished' && run.isOffered);
}

/** The runs of a name that Redis knows, newest first; with `before`, those that began before it. */
async function* runsOf({ redis, keys }: Fleet, name: string, before?: EndedRun): AsyncGenerator<FoundRun> {
  const runs = Number((await redis.hget(keys.countOfName, name)) ?? 0);
  for (let last = runs; last > 0; last -= RUNS_PER_CALL) {
    const serials = Array.from({ length: Math.min(last, RUNS_PER_CALL) }, (_, index) => last - index);
    const ids = serials.map((serial) => (serial === 1 ? name : `${name}.${serial}`));
    const pipeline = redis.pipeline();
    for (const id of ids) pipeline.hmget(keys.crawl(id), ...FIELDS);
    for (const [index, [, fields]] of ((await pipeline.exec()) ?? []).entries()) {
      const run = foundRun(ids[index] ?? '', fields as (string | null)[]);
      const isBefore = !before || (run && run.crawl !== before.crawl && run.createdAt <= before.createdAt);
      if (run?.name === name && isBefore) yield run;
    }
  }
}

/** What a run was begun with. */
export interface RunSettings {
  settings: CrawlSettings;
  seeds: string;
  finishedAt: number | null;
  /** Whether its bodies have been purged. */
  hasLostBodies: boolean;
  /** How many links each limit left out. */
  leftOut: { limit: number; hostLimit: number };
  /** How many pages were taken over from the run before, because they were not due (--only-due). */
  notDue: number;
}

export async function settingsOfRun(fleet: Fleet, crawl: string): Promise<RunSettings> {
  const fields = await readCrawl(fleet, crawl);
  const number = (name: string) => Number(fields[name] ?? 0);
  return {
    settings: storedSettings(fields.settings),
    seeds: fields.seeds ?? '',
    finishedAt: fields.finishedAt ? number('finishedAt') : null,
    hasLostBodies: number('bodiesDropped') > 0,
    leftOut: { limit: number('x:E_LIMIT'), hostLimit: number('x:E_HOST_LIMIT') },
    notDue: number('notDue'),
  };
}
