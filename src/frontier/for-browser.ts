// Jobs that wait for a consumer with a browser. They are delayed in the queue like any that is postponed, so
// consumers without a browser meet them again only after half a minute; and they are listed, so that those
// with a browser take them at once.
import type { Fleet } from '../fleet.ts';
import { defineScript } from '../scripts.ts';

/** How long a consumer with a browser counts after it has last said so. */
const KNOWN_MS = 10_000;

const takeScript = defineScript({
  path: 'frontier/lua/take-for-browser.lua',
  key: (keys) => keys.renders,
  args: ({ token, lockMs }: { token: string; lockMs: number }) => [token, lockMs],
  answer: (jobId) => jobId as string | null,
});

const listScript = defineScript({
  path: 'frontier/lua/list-for-browser.lua',
  key: (keys) => keys.renders,
  args: ({ jobId }: { jobId: string }) => [jobId],
  answer: () => undefined,
});

/**
 * Takes the job that has waited longest: it is locked with the token. Null when none waits. Atomic. What is
 * left of it when its consumer dies is found as for any stalled job.
 */
export function takeForBrowser(
  fleet: Fleet,
  given: { token: string; lockMs: number },
): Promise<string | null> {
  return fleet.run(takeScript, given);
}

/**
 * To be called once the job is delayed. It keeps its place if it is listed already. While very many of a
 * crawl are, no further requests leave its lanes (dispatch.lua).
 */
export function listForBrowser(fleet: Fleet, jobId: string): Promise<void> {
  return fleet.run(listScript, { jobId });
}

/** This process has a browser. To be called every few seconds. */
export async function tellOfBrowser(fleet: Fleet): Promise<void> {
  await fleet.redis.set(fleet.keys.renderers, '1', 'PX', KNOWN_MS);
}

/** Whether some consumer of the fleet has a browser. */
export async function hasBrowser(fleet: Fleet): Promise<boolean> {
  return (await fleet.redis.exists(fleet.keys.renderers)) === 1;
}
