// Hosts that are too much asked, crawled by two consumers: a host that answers nothing but 503, one that gets
// ten times as slow, and hosts that name the time at which to come again, in all the ways that there are.
import { setTimeout as sleep } from 'node:timers/promises';
import { PAUSE_KNOWN_AFTER_MS, type Pause, startsDuring } from '../../test/support/politeness/auditor.ts';
import { type Behaviour, type LogEntry, type Site, startSite } from '../../test/support/site/site.ts';
import { withFleet } from '../politeness/fleet.ts';
import { type SlowedFigures, slowedOf } from './figures.ts';
import { listOf } from './sites.ts';

const CONSUMERS = 2;
const SECONDS = 4;

export interface Trouble {
  name: string;
  latencyMs: number;
  behaviour: Behaviour;
}

export const troubles: readonly Trouble[] = [
  { name: 'only 503', latencyMs: 5, behaviour: { status: 503 } },
  { name: 'ten times as slow', latencyMs: 30, behaviour: { delayMs: 270 } },
];

/** The host serves as usual for a while, then as `behaviour` says: how often it is asked before and after. */
export async function slowDown({ latencyMs, behaviour }: Trouble, drover: string): Promise<SlowedFigures> {
  const pages = 20_000;
  const site = await startSite({ pages, latencyMs, bytes: 500, linksPerPage: 1 });
  try {
    return await withFleet(
      { perHost: 8, ignoreRobots: true },
      async (fleet) => {
        await fleet.enqueue('slow', listOf(site.urls, pages));
        for (let consumer = 0; consumer < CONSUMERS; consumer++) fleet.consume(20);
        await served(site, 50);
        await sleep(2000); // the consumers have warmed up, and know the host's latency
        const changedAt = performance.timeOrigin + performance.now();
        await site.behave('/p/*', behaviour);
        await sleep((SECONDS + 1) * 1000);
        const log = (await site.log()).toSorted((a, b) => a.end - b.end);
        const felt = log.find(({ start }) => start >= changedAt);
        return slowedOf(log, felt?.end ?? changedAt, SECONDS);
      },
      drover,
    );
  } finally {
    await site.stop();
  }
}

/** Ways in which an answer names a time: each a host, whose every 40th page answers so. */
export const namedTimes: readonly { name: string; pauseMs: number; behaviour: Behaviour }[] = [
  { name: '429 Retry-After', pauseMs: 1000, behaviour: { status: 429, retryAfter: 1 } },
  { name: '503 Retry-After', pauseMs: 1000, behaviour: { status: 503, retryAfter: 1 } },
  { name: '403 Retry-After', pauseMs: 1000, behaviour: { status: 403, retryAfter: 1 } },
  { name: '500 Retry-After', pauseMs: 1000, behaviour: { status: 500, retryAfter: 1 } },
  {
    name: '301 Retry-After',
    pauseMs: 1000,
    behaviour: { status: 301, retryAfter: 1, headers: { location: '/p/0' } },
  },
  {
    name: '403 spent quota',
    pauseMs: 1000,
    behaviour: { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' } },
  },
];

export interface NamedFigures {
  name: string;
  pauses: number;
  startsInPauses: number;
  /**
   * How long after an answer that named a time its host was still asked, at most: how long the others took to
   * know. 0 if it was not.
   */
  knownAfterMs: number;
  /** URLs that have no record of a success in the end. */
  failed: number;
}

/** All of these hosts crawled by two consumers: starts in the pauses that they named, by their own log. */
export async function keepPauses(drover: string): Promise<NamedFigures[]> {
  const pagesEach = 200;
  const behaviours = Object.fromEntries(
    namedTimes.flatMap(({ behaviour }, host) =>
      Array.from({ length: pagesEach / 40 }, (_, n) => [
        `//127.0.0.${host + 1}/p/${n * 40 + 20}`,
        { ...behaviour, failTimes: 1 },
      ]),
    ),
  );
  const site = await startSite({
    ...{ pages: pagesEach, hosts: namedTimes.length, latencyMs: 20, bytes: 500, linksPerPage: 1 },
    ...{ behaviours, punctual: true },
  });
  try {
    return await withFleet(
      { perHost: 4, ignoreRobots: true },
      async (fleet) => {
        await fleet.enqueue('named', listOf(site.urls, pagesEach));
        for (let consumer = 0; consumer < CONSUMERS; consumer++) fleet.consume(20);
        await fleet.finished('named');
        const failed = (await fleet.results('named')).filter(({ ok }) => !ok);
        const log = await site.log();
        return namedTimes.map(({ name, pauseMs, behaviour }, host) => {
          const own = log.filter((entry) => entry.host.startsWith(`127.0.0.${host + 1}:`));
          const pauses = pausesOf(own, behaviour.status ?? 0, pauseMs);
          const early = startsIn(own, pauses);
          return {
            name,
            pauses: pauses.length,
            startsInPauses: early.filter((ms) => ms > PAUSE_KNOWN_AFTER_MS).length,
            knownAfterMs: Math.max(0, ...early),
            failed: failed.filter(({ url }) => url.startsWith(site.urls[host] ?? '?')).length,
          };
        });
      },
      drover,
    );
  } finally {
    await site.stop();
  }
}

function pausesOf(entries: readonly LogEntry[], status: number, pauseMs: number): Pause[] {
  return entries
    .filter((entry) => entry.status === status)
    .map(({ end }) => ({ fromMs: end, untilMs: end + pauseMs - 5 }));
}

/**
 * For each start in a pause, how long after its begin it came, at least: the server may have stamped it late.
 */
function startsIn(entries: readonly LogEntry[], pauses: readonly Pause[]): number[] {
  return pauses.flatMap((pause) =>
    startsDuring(entries, [pause]).map(({ start, lateMs = 0 }) => Math.max(0, start - lateMs - pause.fromMs)),
  );
}

async function served(site: Site, requests: number): Promise<void> {
  while ((await site.ended()) < requests) await sleep(50);
}
