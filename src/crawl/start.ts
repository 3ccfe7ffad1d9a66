// What makes a start: whether it obeys a clock, how long to wait for it, when it really happens.
import type { Station, Work } from './station.ts';

/** Waits up to this long are slept with the job in hand; longer ones snooze it. */
export const PATIENCE_MS = 1000;

/** Keys with a delay or a rate (dispatch knows: 'ask') are asked before every start, the others only where no slot came along. */
export function isTimed(work: Work): boolean {
  return work.plan.limits.delayMs > 0 || work.start === 'ask';
}

/** The delay of a timed key counts from when the request really went out: after the connection, and whatever else took time. */
export function onStartOf(station: Station, work: Work): (() => void) | undefined {
  const { delayMs } = work.plan.limits;
  return delayMs > 0 ? () => station.slots.started(work.key, delayMs) : undefined;
}
