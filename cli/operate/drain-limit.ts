// When `consume --drain-after` stops by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import { readDuration } from '../../src/config/duration.ts';
import { DroverError } from '../../src/errors.ts';

export type DrainLimit = { afterMs: number } | { pages: number };

/** A timer takes no more: some 24 days. */
const LONGEST_MS = 2 ** 31 - 1;
const LOOK_EVERY_MS = 100;

/** Throws E_USAGE. */
export function readDrainLimit(given: string, flag: string): DrainLimit {
  const [, count] = /^\s*(\d{1,9}) *pages?\s*$/i.exec(given) ?? [];
  if (Number(count) > 0) return { pages: Number(count) };
  // A bare number could mean either.
  const afterMs = /^[\d.\s]*$/.test(given) ? null : readDuration(given);
  if (afterMs !== null && afterMs > 0 && afterMs <= LONGEST_MS) return { afterMs };
  throw new DroverError(
    'E_USAGE',
    `${flag}: expected a time up to 24d such as 30m, or a number of pages such as "10000 pages" (got ${JSON.stringify(given)}).`,
  );
}

/** Resolves with a line for the user once the limit is reached; never if there is none. */
export async function untilDrained(limit: DrainLimit | undefined, pages: () => number): Promise<string> {
  if (limit === undefined) return new Promise(() => undefined);
  if ('afterMs' in limit) await sleep(limit.afterMs, undefined, { ref: false });
  else while (pages() < limit.pages) await sleep(LOOK_EVERY_MS, undefined, { ref: false });
  return 'stopping after the fetches in flight, as --drain-after says';
}
