// Takes the jobs that wait for a browser, as long as this process has places for their pages.
import { randomUUID } from 'node:crypto';
import { takeForBrowser, tellOfBrowser } from '../../src/frontier/for-browser.ts';
import type { ConsumerContext } from '../context.ts';

/** How often to look while nothing is being made. When a page is done, the next is taken at once. */
const LOOK_MS = 500;
const TELL_MS = 3000;

export interface BrowserJobs {
  stop(): void;
}

interface BrowserJobsParts {
  context: ConsumerContext;
  /** Runs a job that was taken, to its end. */
  run: (jobId: string, token: string) => Promise<void>;
  lockDurationMs: number;
  onError: (error: unknown) => void;
}

export function takeBrowserJobs({ context, run, lockDurationMs, onError }: BrowserJobsParts): BrowserJobs {
  const { renders, fleet } = context;
  let isTaking = false;
  let toldAt = Number.NEGATIVE_INFINITY;

  async function take(): Promise<void> {
    if (isTaking || !renders.isServing || context.stopping()) return;
    isTaking = true;
    try {
      if (performance.now() - toldAt > TELL_MS) {
        toldAt = performance.now();
        await tellOfBrowser(fleet);
      }
      while (renders.reserve() && !context.stopping()) {
        const token = randomUUID();
        const jobId = await takeForBrowser(fleet, { token, lockMs: lockDurationMs }).catch((error) => {
          onError(error);
          return null;
        });
        if (jobId === null) {
          renders.giveBack();
          break;
        }
        renders.assign(jobId);
        run(jobId, token)
          .catch(onError)
          .finally(() => renders.release(jobId));
      }
    } finally {
      isTaking = false;
    }
  }

  const look = () => void take().catch(onError);
  renders.onFree = look;
  const timer = setInterval(look, LOOK_MS);
  return { stop: () => clearInterval(timer) };
}
