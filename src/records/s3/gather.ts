// How long records are gathered before they are put together. Each put costs the server and us some
// milliseconds, however small it is; so the longer puts take, the longer more is waited for.
import { setTimeout as sleep } from 'node:timers/promises';

/** So many times as long as a put usually takes, within these bounds. */
const PUTS = 2;
const LEAST_MS = 20;
const MOST_MS = 200;
/** When nothing comes for this part of that time, nothing more is expected. */
const LULLS = 4;
/** No more is waited for; in characters. */
const ENOUGH = 1024 * 1024;
/** The share of the newest in what is usual. */
const NEWEST = 0.2;

/** How long a put usually takes. */
export class PutTimes {
  usualMs = 0;

  note(ms: number): void {
    this.usualMs = this.usualMs === 0 ? ms : this.usualMs + NEWEST * (ms - this.usualMs);
  }
}

/** What waits for a put. */
export interface Gathered {
  readonly characters: number;
  /** When the first and the last of it came, by performance.now(). */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Resolves when it is time to put what waits. */
export async function gatherBatch(gathered: Gathered, usualPutMs: number): Promise<void> {
  const mostMs = Math.min(Math.max(PUTS * usualPutMs, LEAST_MS), MOST_MS);
  while (gathered.characters < ENOUGH) {
    const until = Math.min(gathered.firstAt + mostMs, gathered.lastAt + mostMs / LULLS);
    const leftMs = until - performance.now();
    if (leftMs <= 0) return;
    await sleep(Math.max(leftMs, 1));
  }
}
