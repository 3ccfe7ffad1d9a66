// What drover reshard prints.
import type { Resharded, ReshardPhase } from '../../src/reshard/reshard.ts';
import { count, counted, durationText } from './figures.ts';

const says: Record<ReshardPhase, string> = {
  prepare: 'delivers the last links',
  move: 'moves requests',
  settle: 'counts',
  clean: 'removes what is left',
};

/** What was done. */
export function reshardSummary({ from, to, crawls, moved, tookMs }: Resharded): string {
  return `${from} → ${counted(to, 'shard')}: ${counted(crawls, 'crawl')}, ${counted(moved, 'request')} moved, ${durationText(tookMs)}`;
}

/** A line for each phase; on a terminal, how many requests have moved stands behind it. */
export function reshardProgress(isQuiet: boolean): (phase: ReshardPhase, moved: number) => void {
  let told: ReshardPhase | null = null;
  let toldAt = 0;
  return (phase, moved) => {
    const isDue = process.stderr.isTTY && performance.now() - toldAt > 200;
    if (isQuiet || (phase === told && !isDue)) return;
    const isBare = moved === 0;
    process.stderr.write(
      `${says[phase]}${isBare ? '' : ` (${count(moved)} so far)`}${process.stderr.isTTY ? '\x1b[K\r' : '\n'}`,
    );
    [told, toldAt] = [phase, performance.now()];
  };
}
