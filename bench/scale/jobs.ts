// The requests of one shard as jobs of BullMQ, for a simulation with --queue.
import type { Fleet } from '../../src/fleet.ts';
import type { Handed } from '../../src/frontier/dispatch.ts';
import { crawlAndId, jobIdOf } from '../../src/keys.ts';
import type { JobData } from '../../src/queue/job-data.ts';
import { enqueueJobs, openQueue, openWorker } from '../../src/queue/queue.ts';

export interface ScaleJobs {
  add(handed: readonly Handed[]): Promise<void>;
  close(): Promise<void>;
}

const LOCK_MS = 30_000;
const MOST_IN_HAND = 400;

/** `serve` gets each request when its job is taken; the job ends with it. */
export function openJobs(fleet: Fleet, serve: (handed: Handed) => Promise<void>): ScaleJobs {
  const failed: Error[] = [];
  const queue = openQueue(fleet, (error) => failed.push(error));
  const worker = openWorker({
    ...{ connection: fleet.redis, namespace: fleet.namespace, lockDurationMs: LOCK_MS },
    concurrency: MOST_IN_HAND,
    async process({ id = '', data }) {
      const { request, start } = data as JobData;
      await serve({ ...crawlAndId(id), packed: request, start: start === 'granted' ? 'fetch' : start });
    },
    onLockLost: (ids) => failed.push(new Error(`lost the locks of ${ids.length} jobs`)),
    onError: (error) => failed.push(error),
  });
  worker.run().catch((error: Error) => failed.push(error));
  return {
    async add(handed) {
      if (failed[0]) throw failed[0];
      const givenAt = Date.now();
      const jobs = handed.map(({ crawl, id, packed, start }) => ({
        jobId: jobIdOf(crawl, id),
        packed,
        start: start === 'ahead' ? { kind: start, givenAt } : askedOrGranted(start, givenAt),
      }));
      await enqueueJobs(queue, jobs);
    },
    async close() {
      await worker.close();
      await queue.close();
    },
  };
}

function askedOrGranted(start: Handed['start'], givenAt: number) {
  return start === 'ask' ? ({ kind: 'ask' } as const) : ({ kind: 'granted', server: '', givenAt } as const);
}
