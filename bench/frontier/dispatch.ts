// Turns as a consumer takes them, without the fetches: what a turn hands over is ended at once, and its slots go back with the next.
import type { Fleet } from '../../src/fleet.ts';
import { createCommitter } from '../../src/frontier/commit.ts';
import { dispatch, type Release } from '../../src/frontier/dispatch.ts';
import { jobIdOf } from '../../src/keys.ts';
import { LEASE_MS } from '../../src/politeness/slot.ts';
import { waitListOf } from '../../src/queue/queue.ts';
import { unpackRequest } from '../../src/request.ts';
import { limiterKeyOf } from '../../src/url/host.ts';

/** How many requests one turn is to hand out. */
export const WINDOW = 50;

export interface Dispatch {
  /** Gives back what the last turn had handed over, takes a window, and ends it; only the first two are timed. */
  turn(): Promise<{ milliseconds: number; urls: string[] }>;
  /** Gives back what the last turn had handed over, and takes nothing: another crawl's turns would find the window full. */
  rest(): Promise<void>;
}

export function createDispatch(fleet: Fleet, crawl: string): Dispatch {
  const committer = createCommitter(fleet);
  let held: (Release & { id: string })[] = [];

  async function take(wanted: number): Promise<{ milliseconds: number; urls: string[] }> {
    const arrived = held.map(({ holder }) => holder);
    const queue = { serve: crawl, waitList: waitListOf(fleet.namespace), wanted, leaseMs: LEASE_MS };
    const startedAt = performance.now();
    const { handed } = await dispatch(fleet, { ...queue, releases: held, arrived });
    const milliseconds = performance.now() - startedAt;
    const urls = handed.map(({ packed }) => unpackRequest(packed).url);
    held = handed.map(({ id }, index) => ({
      ...{ id, key: limiterKeyOf(urls[index] ?? ''), holder: jobIdOf(crawl, id), server: '' },
    }));
    return { milliseconds, urls };
  }

  async function end(id: string, key: string): Promise<void> {
    const recorded = { kind: 'recorded', status: 200, code: null, bytes: 10_000, reason: '' } as const;
    const ended = await committer.commit({
      crawl,
      id,
      claim: 0,
      key,
      ...recorded,
      links: '',
      leftOut: {},
      host: '',
    });
    if (ended !== 'done') throw new Error(`${id} was ${ended}`);
  }

  return {
    async turn() {
      const taken = await take(WINDOW);
      await Promise.all(held.map(({ id, key }) => end(id, key)));
      return taken;
    },
    async rest() {
      await take(0);
    },
  };
}
