// How far a crawl is, asked of Redis: a process started for each question would slow down what is watched.
import { readCounts } from '../../../src/crawl/crawl.ts';
import type { Fleet } from '../../../src/fleet.ts';
import { until } from '../signals.ts';

/** Returns what waits until so many requests of the crawl are recorded. */
export function reachOf(
  fleet: Fleet,
  crawl: string,
  deadlineMs: number,
): (recorded: number) => Promise<unknown> {
  return (recorded) =>
    until(async () => (await readCounts(fleet, crawl)).recorded >= recorded, {
      what: `${recorded} records`,
      deadlineMs,
    });
}
