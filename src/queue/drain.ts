// The fleet at rest: consumers take no jobs of any queue, finish those in hand and stay, until it is resumed.
// Requests can still be offered; they wait.
import type { Fleet } from '../fleet.ts';
import { openQueues } from './queue.ts';
import { openScheduleQueue } from './schedule-queue.ts';
import { openWebhookQueue } from './webhook-queue.ts';

/** The queues of all shards, and those that are at home alone. */
const queuesOf = (fleet: Fleet) => [...openQueues(fleet), openScheduleQueue(fleet), openWebhookQueue(fleet)];

/** From now on no jobs are taken. False if it was so already. */
export async function drainFleet(fleet: Fleet): Promise<boolean> {
  const changed = await Promise.all(
    queuesOf(fleet).map(async (queue) => {
      const wasPaused = await queue.isPaused();
      await queue.pause();
      return !wasPaused;
    }),
  );
  return changed.includes(true);
}

/** How many jobs have been taken and have not ended. Those of a consumer that has died count for seconds. */
export async function jobsInHand(fleet: Fleet): Promise<number> {
  const counts = await Promise.all(queuesOf(fleet).map((queue) => queue.getActiveCount()));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Jobs are taken again. False if they were. */
export async function resumeFleet(fleet: Fleet): Promise<boolean> {
  const changed = await Promise.all(
    queuesOf(fleet).map(async (queue) => {
      const wasPaused = await queue.isPaused();
      await queue.resume();
      return wasPaused;
    }),
  );
  return changed.includes(true);
}
