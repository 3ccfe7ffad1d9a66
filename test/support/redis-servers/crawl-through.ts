// A crawl through several Redis servers whose primary is killed again and again: whether it is complete, and
// how long each kill held it up.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertAddsUp, openCommandRunner } from '../crawls.ts';
import { until } from '../signals.ts';
import { startSite } from '../site/site.ts';
import type { RedisServers } from './servers.ts';

export interface Through {
  /** Of the site, besides its root: on each host. */
  pages: number;
  hosts: number;
  latencyMs: number;
  /** How often its primary is lost, and how: by SIGKILL, or by another one that is put in its place. */
  kills: number;
  by?: 'kill' | 'switch';
  /** More flags of the crawl. */
  flags?: readonly string[];
}

export interface Course {
  seconds: number;
  /** The longest time without a page after each kill, in milliseconds. */
  heldUpMs: number[];
  /** How many pages were fetched more than once. */
  twice: number;
}

/**
 * Crawls to the end and kills the primary with SIGKILL on the way; what was killed comes back when another
 * one has taken over. Fails unless each page has one record and the counters add up.
 */
export async function crawlThrough(servers: RedisServers, given: Through): Promise<Course> {
  const { pages, hosts, latencyMs, kills, by = 'kill', flags = [] } = given;
  const whole = (pages + 1) * hosts;
  const site = await startSite({ pages, hosts, latencyMs, linksPerPage: Math.min(pages, 20), bytes: 2000 });
  const runner = await openCommandRunner({ REDIS_URL: servers.url, DROVER_LOCK_DURATION: '5s' });
  try {
    const begun = performance.now();
    const seeds = site.urls.map((url) => `${url}/`);
    const crawl = runner.start([
      ...['crawl', ...seeds, '--crawl', 'c', '--scope', 'host', '--ignore-robots', '--quiet', ...flags],
    ]);
    const heldUpMs: number[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      const share = (whole * kill) / (kills + 1);
      await until(async () => (await site.ended()) >= share, {
        what: `${share} of ${whole} pages (${crawl.stderr()})`,
        deadlineMs: 300_000,
        everyMs: 20,
      });
      const primary = await servers.primary();
      if (by === 'kill') primary.kill();
      else await servers.switchOver();
      heldUpMs.push(await longestPause(() => site.ended(), whole));
      await until(async () => (await servers.primary()) !== primary, {
        what: 'another primary',
        everyMs: 50,
      });
      if (by === 'kill') await primary.restart();
    }
    assert.equal((await crawl.exit).code, 0, crawl.stderr());
    const seconds = (performance.now() - begun) / 1000;
    const counts = await runner.status('c');
    assertAddsUp(counts);
    assert.deepEqual([counts.state, counts.recorded], ['finished', whole], JSON.stringify(counts));
    const urls = (await runner.results('c')).map(({ url }) => url);
    assert.equal(new Set(urls).size, whole);
    assert.equal(urls.length, whole, 'each page once');
    const log = await site.log();
    return {
      seconds,
      heldUpMs,
      twice: log.length - new Set(log.map((entry) => entry.host + entry.path)).size,
    };
  } finally {
    await site.stop();
  }
}

const LOOK_MS = 6000;

/** The longest time in which a count did not grow: until it grows after LOOK_MS, or has reached `whole`. */
async function longestPause(count: () => Promise<number>, whole: number): Promise<number> {
  const begun = performance.now();
  let [last, since, longest] = [await count(), begun, 0];
  for (;;) {
    await sleep(20);
    const [now, at] = [await count(), performance.now()];
    if (now > last) {
      longest = Math.max(longest, at - since);
      [last, since] = [now, at];
      if (at - begun > LOOK_MS || now >= whole) return longest;
    } else if (at - since > 60_000) throw new Error('no page for a minute');
  }
}
