// Takes the jobs that wait for a browser, as long as this process has places for their pages.
import { randomUUID } from 'node:crypto';
import { type Fleet, homeOfShard } from '../../src/fleet.ts';
import { takeForBrowser, tellOfBrowser } from '../../src/frontier/for-browser.ts';
import type { ConsumerContext } from '../context.ts';

/** How often to look while nothing is being made. When a page is done, the next is taken at once. */
const LOOK_MS = 500;
const TELL_MS = 3000;

export interface BrowserJobs {
  stop(): void;
}

interface BrowserJobsParts {
  context: Pick<ConsumerContext, 'renders' | 'stopping'>;
  /** The shards that are served, and what runs a job that was taken there, to its end. */
  shards: readonly { fleet: Fleet; run: (jobId: string, token: string) => Promise<void> }[];
  lockDurationMs: number;
  onError: (error: unknown) => void;
}

export function takeBrowserJobs({ context, shards, lockDurationMs, onError }: BrowserJobsParts): BrowserJobs {
  const { renders } = context;
  // Whoever asks whether there is a browser at all asks home.
  const told = new Set(shards.flatMap(({ fleet }) => [homeOfShard(fleet), fleet]));
  let isTaking = false;
  let toldAt = Number.NEGATIVE_INFINITY;

  async function take(): Promise<void> {
    if (isTaking || !renders.isServing || context.stopping()) return;
    isTaking = true;
    try {
      if (performance.now() - toldAt > TELL_MS) {
        toldAt = performance.now();
        await Promise.all([...told].map(tellOfBrowser));
      }
      // One shard after the other gives a job, until none has any.
      for (const left = [...shards]; left.length > 0 && !context.stopping(); ) {
        const shard = left.shift() as (typeof shards)[number];
        if (!renders.reserve()) return;
        if (await takeAt(shard)) left.push(shard);
      }
    } finally {
      isTaking = false;
    }
  }

  async function takeAt({ fleet, run }: (typeof shards)[number]): Promise<boolean> {
    const token = randomUUID();
    const jobId = await takeForBrowser(fleet, { token, lockMs: lockDurationMs }).catch((error) => {
      onError(error);
      return null;
    });
    if (jobId === null) {
      renders.giveBack();
      return false;
    }
    renders.assign(jobId);
    run(jobId, token)
      .catch(onError)
      .finally(() => renders.release(jobId));
    return true;
  }

  const look = () => void take().catch(onError);
  renders.onFree = look;
  const timer = setInterval(look, LOOK_MS);
  return { stop: () => clearInterval(timer) };
}
