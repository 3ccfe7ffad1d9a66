// The changes between two runs that the fleet knows, from the stores that keep their records.
import { join } from 'node:path';
import { countMissing, lookUpRecords, missingRecords } from '../crawl/kept-records.ts';
import type { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { EVERY_RECORD } from '../records/filter.ts';
import type { RecordStores } from '../records/stores.ts';
import { type ComparisonOptions, type EarlierRun, type ReadableRun, RunComparison } from './compare.ts';
import type { Change, ChangeKind, ComparedRun, RunDifference } from './kinds.ts';
import { keepsBodies, notesOnRuns } from './notes.ts';
import {
  type ChosenRuns,
  chooseRuns,
  type EndedRun,
  type GivenRuns,
  type RunSettings,
  settingsOfRun,
} from './runs.ts';

/** The changes between two runs. Whoever has them closes them. */
export interface RunChanges extends Pick<RunDifference, 'from' | 'to' | 'generatedAt' | 'notes' | 'counts'> {
  kinds: readonly ChangeKind[];
  /** Why these are not all records of the runs; null if they are. */
  missing: DroverError | null;
  list(kind: ChangeKind): Iterable<Change>;
  /** Idempotent. */
  close(): void;
}

interface Parts {
  fleet: Fleet;
  stores: RecordStores;
  settings: { dataDir: string };
}

/**
 * Chooses the runs and compares them. Throws as chooseRuns does, and what reading records throws; E_DISK_FULL
 * and E_FILE when what differs cannot be kept aside.
 */
export async function changesOfRuns(
  { fleet, stores, settings: { dataDir } }: Parts,
  given: GivenRuns,
  options: Omit<ComparisonOptions, 'dir'>,
): Promise<RunChanges> {
  const runs = await chooseRuns(fleet, given);
  const [from, to] = await Promise.all([
    readRun({ fleet, stores }, runs.from),
    readRun({ fleet, stores }, runs.to),
  ]);
  const earlier = await Promise.all(runs.earlier.map((run) => readRun({ fleet, stores }, run)));
  const comparison = new RunComparison({
    ...{ from: from.run, to: to.run },
    earlier: earlier.map(({ earlierRun }) => earlierRun),
    options: { ...options, dir: join(dataDir, 'tmp') },
  });
  try {
    await comparison.run();
  } catch (error) {
    comparison.close();
    throw error;
  }
  return {
    ...{ from: from.compared(), to: to.compared(), generatedAt: new Date().toISOString() },
    notes: allNotes(runs, { from, to, earlier }, comparison),
    ...{ counts: comparison.counts, kinds: options.kinds, missing: from.missing() ?? to.missing() },
    list: (kind) => comparison.list(kind),
    close: () => comparison.close(),
  };
}

interface OpenRun {
  run: ReadableRun;
  earlierRun: EarlierRun;
  begun: RunSettings;
  compared(): ComparedRun;
  missing(): DroverError | null;
}

async function readRun({ fleet, stores }: Omit<Parts, 'settings'>, run: EndedRun): Promise<OpenRun> {
  const { crawl, state, createdAt } = run;
  const [begun, kept] = await Promise.all([settingsOfRun(fleet, crawl), lookUpRecords(fleet, crawl)]);
  const store = stores.at(kept.store);
  let found: number | null = null;
  const onFound = (requests: number) => {
    found = requests;
  };
  return {
    run: {
      ...{ crawl, keepsBodies: keepsBodies(begun) },
      isWhole: () => state === 'finished' && countMissing(kept, found ?? 0) === 0,
      read: () => store.read(kept.folder, { onFound }),
    },
    earlierRun: {
      crawl,
      read: () => store.read(kept.folder, { onFound, filter: { ...EVERY_RECORD, ok: true } }),
    },
    begun,
    compared: () => ({
      ...{ crawl, state, records: found ?? 0, createdAt: new Date(createdAt).toISOString() },
      finishedAt: begun.finishedAt === null ? null : new Date(begun.finishedAt).toISOString(),
    }),
    missing: () => (found === null ? null : missingRecords(kept, found, store)),
  };
}

function allNotes(
  runs: ChosenRuns,
  { from, to, earlier }: { from: OpenRun; to: OpenRun; earlier: readonly OpenRun[] },
  { leftOutTexts }: RunComparison,
): string[] {
  const missing = [from, to, ...earlier].flatMap((run) => run.missing()?.detail ?? []);
  const notes = [...missing, ...notesOnRuns(runs, from.begun, to.begun)];
  if (leftOutTexts) notes.push('There are too many changed pages to compare all of their texts.');
  return notes;
}
