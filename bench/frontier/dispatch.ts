// Dispatches as a consumer does, without fetches: the requests of a dispatch are committed at once, and their
// slots are released with the next dispatch.
import type { Fleet } from '../../src/fleet.ts';
import { createCommitter } from '../../src/frontier/commit.ts';
import { dispatch, type Release } from '../../src/frontier/dispatch.ts';
import { jobIdOf } from '../../src/keys.ts';
import { LEASE_MS } from '../../src/politeness/slot.ts';
import { unpackRequest } from '../../src/request.ts';
import { limiterKeyOf } from '../../src/url/host.ts';

/** The number of requests that one dispatch should hand over. */
export const WINDOW = 50;

export interface Dispatch {
  /**
   * Dispatches a window of requests and commits them. Also releases the slots of the dispatch before. The
   * time is that of the dispatch with the releases, without the commits.
   */
  dispatchWindow(): Promise<{ milliseconds: number; urls: string[] }>;
  /**
   * Only releases the slots of the last dispatch. Otherwise a dispatch of another crawl would find the window
   * full.
   */
  release(): Promise<void>;
}

/** Dispatches of one crawl, with the scripts that a consumer uses. */
export function createDispatch(fleet: Fleet, crawl: string): Dispatch {
  const committer = createCommitter(fleet, '');
  let held: (Release & { id: string })[] = [];

  async function dispatchNext(wanted: number): Promise<{ milliseconds: number; urls: string[] }> {
    const arrived = held.map(({ holder }) => holder);
    const queue = { serve: crawl, wanted, leaseMs: LEASE_MS };
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
      items: null,
      host: '',
    });
    if (ended !== 'done') throw new Error(`${id} was ${ended}`);
  }

  return {
    async dispatchWindow() {
      const dispatched = await dispatchNext(WINDOW);
      await Promise.all(held.map(({ id, key }) => end(id, key)));
      return dispatched;
    },
    async release() {
      await dispatchNext(0);
    },
  };
}
