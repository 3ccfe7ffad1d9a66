// When a fetch really starts.
import type { Station, Work } from './station.ts';

/** The delay of a timed key counts from when the request really went out: after the connection, and whatever else took time. */
export function onStartOf(station: Station, work: Work): (() => void) | undefined {
  const { delayMs } = work.plan.limits;
  return delayMs > 0 ? () => station.slots.started(work.key, delayMs) : undefined;
}
