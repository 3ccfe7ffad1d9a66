// What is said of a run of a replay.
import type { ReplayRun } from '../src/crawl/dead-runs.ts';
import { printable } from '../src/log.ts';

/** One line: which group, how far it is, how those ended that were brought back. */
export function runLine(run: ReplayRun): string {
  const { id, code, host, total, opened, recorded, refused, dead } = run;
  const ends = [
    `${recorded} of ${opened} came through`,
    dead > 0 ? `${dead} died again` : '',
    refused > 0 ? `${refused} refused` : '',
    opened < total && run.phase !== 'done'
      ? `${total - opened} ${run.phase === 'stopped' ? 'stay dead' : 'to come'}`
      : '',
  ].filter(Boolean);
  return printable(`${id}  ${code} at ${host}: ${ends.join(', ')}; ${phaseOf(run)}`);
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
