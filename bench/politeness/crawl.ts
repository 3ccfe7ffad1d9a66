// The politeness scenario: three consumers crawl a list over hosts with various limits. Two of the consumers
// are killed during the crawl and replaced.
import { rm } from 'node:fs/promises';
import type { LogEntry, Site } from '../../test/support/site/site.ts';
import { startSite } from '../../test/support/site/site.ts';
import type { Kill } from './figures.ts';
import { busyMeter, type Fleet, untilServed, withFleet } from './fleet.ts';
import { behavioursOf, listOf, politeHosts, settingsOf, spread } from './hosts.ts';

export interface PoliteCrawl {
  log: LogEntry[];
  kills: Kill[];
  /** URLs that were accepted and have no record with `ok`. */
  lost: string[];
  /** The number of records beyond one for each URL. */
  doubled: number;
  /** The share of the machine's CPUs that was used, see busyMeter. */
  busy: number;
}

const CONSUMERS = 3;
const CONCURRENCY = 50;
/** A consumer is killed when these shares of the URLs have been fetched. */
const KILLS_AT = [1 / 3, 1 / 2];

export interface PoliteCrawlOptions {
  urls: number;
  /** The file for the server's log, one JSON line for each request. */
  logFile?: string;
  note: (line: string) => void;
}

/** Runs the scenario with a site and a fleet of its own. `note` is called with a line for each kill. */
export async function crawlPolitely({ urls, logFile, note }: PoliteCrawlOptions): Promise<PoliteCrawl> {
  const counts = spread(politeHosts, urls);
  if (logFile !== undefined) await rm(logFile, { force: true }); // the site appends to it
  const site = await startSite({
    ...{ pages: Math.max(...counts), linksPerPage: 5, bytes: 2000, punctual: true },
    ...{ hosts: politeHosts.length, behaviours: behavioursOf(politeHosts), logFile },
  });
  try {
    return await withFleet(settingsOf(politeHosts), (fleet) =>
      crawl({ fleet, site, list: listOf(site.urls, counts), note }),
    );
  } finally {
    await site.stop();
  }
}

interface Scene {
  fleet: Fleet;
  site: Site;
  list: string;
  note: (line: string) => void;
}

async function crawl({ fleet, site, list, note }: Scene): Promise<PoliteCrawl> {
  const urls = list.trimEnd().split('\n');
  await fleet.enqueue('polite', list);
  const busySince = busyMeter();
  const consumers = Array.from({ length: CONSUMERS }, () => fleet.consume(CONCURRENCY));
  const kills: Kill[] = [];
  for (const [index, share] of KILLS_AT.entries()) {
    await untilServed(site, urls.length * share);
    const consumer = consumers[index];
    if (consumer) kills.push(await consumer.kill());
    fleet.consume(CONCURRENCY);
    note(`${await site.ended()} requests: consumer ${consumer?.pid} killed and replaced`);
  }
  await untilServed(site, urls.length);
  const busy = busySince();
  await fleet.finished('polite');
  const records = await fleet.results('polite');
  const fetched = new Set(records.filter(({ ok }) => ok).map(({ url }) => url));
  return {
    log: await site.log(),
    kills,
    lost: urls.filter((url) => !fetched.has(url)),
    doubled: records.length - new Set(records.map(({ url }) => url)).size,
    busy,
  };
}
