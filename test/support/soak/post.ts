// A client of the API that offers URLs to a crawl, and repeats each call until it is answered.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './random.ts';

export interface Posting {
  /** Of the crawl. */
  name: string;
  urls: readonly string[];
  /** How long it takes when nothing fails. */
  lastsMs: number;
  chance: Chance;
  isOver(): boolean;
}

/** Offers all, some with each call. Throws an Error when a call is refused for good. */
export async function postAll(port: number, { name, urls, lastsMs, chance, isOver }: Posting): Promise<void> {
  const calls: string[][] = [];
  for (let at = 0; at < urls.length; ) {
    const some = 1 + chance.below(10);
    calls.push(urls.slice(at, at + some));
    at += some;
  }
  for (const call of calls) {
    await sleep((lastsMs / calls.length) * Math.random() * 2);
    while (!isOver() && !(await isAccepted(port, name, call))) await sleep(200);
  }
}

async function isAccepted(port: number, name: string, urls: readonly string[]): Promise<boolean> {
  const base = `http://127.0.0.1:${port}/v1`;
  try {
    // The first call would begin the crawl, without what its producer says of it.
    if (!(await fetch(`${base}/crawls/${name}`, { signal: AbortSignal.timeout(5000) })).ok) return false;
    const response = await fetch(`${base}/requests?crawl=${name}`, {
      ...{ method: 'POST', body: JSON.stringify(urls), signal: AbortSignal.timeout(20_000) },
      headers: { 'content-type': 'application/json' },
    });
    const text = await response.text();
    if (response.status < 500 && response.status !== 200)
      throw new Refused(`${response.status} ${text.slice(0, 500)}`);
    if (!response.ok) return false;
    const { rejected, crawl } = JSON.parse(text) as { rejected: unknown[]; crawl: string };
    if (rejected.length > 0 || crawl !== name) throw new Refused(text.slice(0, 500));
    return true;
  } catch (error) {
    if (error instanceof Refused) throw error;
    return false; // the server is away
  }
}

class Refused extends Error {}
