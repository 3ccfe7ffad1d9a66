// What is said of a run of a replay.
import type { ReplayRun } from '../../src/dead/replay-runs.ts';
import { printable } from '../../src/log.ts';

/** One line: which group, how far it is, how those ended that were brought back. */
export function runLine(run: ReplayRun): string {
  const { id, code, host, total, opened, recorded, refused, dead } = run;
  const ends = [
    `${recorded} of ${opened} came through`,
    dead > 0 ? `${dead} died again` : '',
    refused > 0 ? `${refused} refused` : '',
    opened < total ? `${total - opened} ${restOf(run)}` : '',
  ].filter(Boolean);
  return printable(`${id}  ${code} at ${host}: ${ends.join(', ')}; ${phaseOf(run)}`);
}

/** Of those that were not brought back; of a run that is done, they were purged, replayed by another run, or are of a cancelled crawl. */
function restOf({ phase }: ReplayRun): string {
  return phase === 'stopped' ? 'stay dead' : phase === 'done' ? 'could not be brought back' : 'to come';
}

function phaseOf({ phase, canary, rate, recorded, opened }: ReplayRun): string {
  switch (phase) {
    case 'canary':
      return `trying ${canary} first`;
    case 'rest':
      return 'at work';
    case 'done':
      return 'done';
    case 'stopped':
      return opened > 0 && recorded / opened < rate ? 'stopped, since too few came through' : 'stopped';
    default:
      return phase satisfies never;
  }
}
