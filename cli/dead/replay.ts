// drover dead replay: makes dead letters waiting requests again.
import type { ReplayRun } from '../../src/dead/replay-runs.ts';
import type { Replayable } from '../../src/dead/replayable.ts';
import { countReplayableOn, startReplayOn } from '../../src/dead/shards/replays.ts';
import { printable } from '../../src/printable.ts';
import { EXIT } from '../command/failures.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import { counted } from '../terminal/figures.ts';
import { deadFilter, requireChoice } from './filter.ts';
import type { ReplayOptions } from './options.ts';
import { replayHow } from './overrides.ts';
import { runLine } from './replay-lines.ts';
import { withDead } from './session.ts';
import { waitForRuns } from './wait.ts';

/** Resolves with the exit code. Throws E_USAGE when nothing is chosen, E_CRAWL_UNKNOWN, E_SETTING. */
export async function run(args: string[], options: ReplayOptions): Promise<number> {
  requireChoice(args, options, 'replay');
  const how = replayHow(options);
  return withDead(options.settings, async (session, shards) => {
    const filter = await deadFilter(session, shards, args[0], options);
    const replayable = await countReplayableOn(shards, filter);
    if (options.dryRun) {
      printDryRun(replayable, options.json);
      return EXIT.recorded;
    }
    if (!options.json) printCancelled(replayable);
    const begun = await startReplayOn(shards, filter, how);
    if (!options.json) printRuns(begun);
    const waited = options.wait ? await waitForRuns(shards, begun, !options.json) : null;
    if (options.json) process.stdout.write(`${JSON.stringify(report(waited?.runs ?? begun))}\n`);
    return waited?.exitCode ?? EXIT.recorded;
  });
}

function printDryRun({ groups, cancelled }: Replayable, json: boolean): void {
  const matching = groups.reduce((sum, { count }) => sum + count, 0);
  const lines = groups.map(({ code, host, count }) => `${code} at ${host}: ${count}`);
  if (json)
    process.stdout.write(
      `${JSON.stringify({ dryRun: true, replayed: matching, matching, cancelled, groups })}\n`,
    );
  else
    process.stderr.write(
      [...lines, `${counted(matching, 'dead letter')} would be replayed`]
        .map((line) => `${printable(line)}\n`)
        .join(''),
    );
  if (!json) printCancelled({ groups, cancelled });
}

function printCancelled({ cancelled }: Replayable): void {
  if (cancelled > 0)
    process.stderr.write(`${counted(cancelled, 'dead letter')} of cancelled crawls will not be replayed\n`);
}

function report(runs: readonly ReplayRun[]) {
  const sum = (field: 'opened' | 'total') => runs.reduce((total, run) => total + run[field], 0);
  return { dryRun: false, replayed: sum('opened'), matching: sum('total'), runs };
}

function printRuns(runs: readonly ReplayRun[]): void {
  const waiting = runs.reduce((sum, run) => sum + run.opened - run.recorded - run.refused - run.dead, 0);
  const toCome = runs.reduce((sum, run) => sum + (run.endedAt ? 0 : run.total - run.opened), 0);
  for (const run of runs) process.stderr.write(`${runLine(run)}\n`);
  const what = toCome > 0 ? `, ${toCome} will follow when those are recorded` : '';
  const next =
    waiting === 0 ? '' : `; fetch them with: ${OWN_COMMAND} consume, or run the crawl command again`;
  process.stderr.write(
    `${counted(runs.length, 'replay')}: ${counted(waiting, 'dead letter')} ${waiting === 1 ? 'is' : 'are'} waiting again${what}${next}\n`,
  );
}
