// Describes a replay run in one line.
import type { ReplayRun } from '../../src/dead/replay-runs.ts';
import { printable } from '../../src/printable.ts';

/** One line: the group, how many letters were brought back, how these ended, and the phase. */
export function runLine(run: ReplayRun): string {
  const { id, code, host, total, opened, recorded, refused, dead } = run;
  const ends = [
    `${recorded} of ${opened} recorded`,
    dead > 0 ? `${dead} failed again` : '',
    refused > 0 ? `${refused} refused` : '',
    opened < total ? `${total - opened} ${restOf(run)}` : '',
  ].filter(Boolean);
  return printable(`${id}  ${code} at ${host}: ${ends.join(', ')}; ${phaseOf(run)}`);
}

/**
 * What happens to the letters that were not brought back. In a run that is done, they were purged, replayed
 * by another run, or belong to a cancelled crawl.
 */
function restOf({ phase }: ReplayRun): string {
  return phase === 'stopped' ? 'stay dead' : phase === 'done' ? 'could not be brought back' : 'to come';
}

function phaseOf({ phase, canary, rate, recorded, opened }: ReplayRun): string {
  switch (phase) {
    case 'canary':
      return `trying ${canary} first`;
    case 'rest':
      return 'running';
    case 'done':
      return 'done';
    case 'stopped':
      return opened > 0 && recorded / opened < rate ? 'stopped, because too few were recorded' : 'stopped';
    default:
      return phase satisfies never;
  }
}
