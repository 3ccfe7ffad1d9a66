// Reads what the event streams show (crawls, hosts, dead letters, replays, samples, the tail) once for all
// watchers.

import { listOpenCrawls } from '../crawl/crawl.ts';
import { crawlsToWatch } from '../crawl/views.ts';
import { ALL_DEAD } from '../dead/filter.ts';
import { summarizeDead } from '../dead/read.ts';
import { deadShards } from '../dead/shards/letters.ts';
import { listReplaysOn } from '../dead/shards/replays.ts';
import { createSampler, latestSample } from '../fleet/history.ts';
import { repeat } from '../fleet/interval.ts';
import { listenToTail, type TailBatch, wantTail } from '../fleet/live-tail.ts';
import type { Fleet } from '../fleet.ts';
import { listHosts, lookAtHosts } from '../frontier/hosts.ts';
import { redacted } from '../redact.ts';
import { closeRedis, connectRedis } from '../redis.ts';
import type { ApiContext } from './context.ts';

export type EventName = 'crawls' | 'hosts' | 'dead' | 'replays' | 'sample' | 'tail';

export interface Watcher {
  /** Receives the data of one event as JSON. */
  tell(event: EventName, json: string): void;
}

/**
 * Also takes part in writing the fleet's history, whether or not anybody watches, so that the history has no
 * gaps while no consumer runs.
 */
export interface Hub {
  /**
   * The watcher gets the current state first and then every change. Returns a function that ends the watch.
   */
  watch(watcher: Watcher): () => void;
  stop(): void;
}

const READ_EVERY_MS = 1000;
const MOST_HOSTS = 100;
const MOST_GROUPS = 200;
const MOST_REPLAYS = 100;
const RECENT_MS = 3_600_000;

interface EventSource {
  event: EventName;
  /** The subject is read at every `every`-th round. */
  every: number;
  read(): Promise<unknown>;
  /** What the watchers have been sent; null before the first read. */
  last: string | null;
}

function subjectsOf({ fleet, queues }: ApiContext): EventSource[] {
  const shards = deadShards(fleet, queues);
  const subject = (event: EventName, every: number, read: () => Promise<unknown>): EventSource => ({
    event,
    every,
    read,
    last: null,
  });
  return [
    subject('crawls', 1, async () => ({ crawls: await crawlsToWatch(fleet, RECENT_MS) })),
    subject('hosts', 2, async () => ({ hosts: await watchedHosts(fleet) })),
    subject('replays', 1, async () => ({ replays: await listReplaysOn(shards, MOST_REPLAYS) })),
    subject('dead', 3, async () => ({
      groups: redacted(await summarizeDead(shards, ALL_DEAD, MOST_GROUPS)),
    })),
    subject('sample', 1, () => latestSample(fleet)),
  ];
}

/** Starts reading at once, every second; `stop` ends that. */
export function createHub(context: ApiContext): Hub {
  const { fleet, queues, log } = context;
  const watchers = new Set<Watcher>();
  const subjects = subjectsOf(context);
  const sampler = createSampler(fleet, queues);
  let looks = 0;
  let epoch = 0;
  let tail: { stop(): void } | null = null;
  const onError = (error: unknown) => log.warn({ err: error }, 'watching');
  const tellAll = (event: EventName, json: string) => {
    for (const watcher of watchers) watcher.tell(event, json);
  };

  async function look(subject: EventSource): Promise<void> {
    const at = epoch;
    const json = JSON.stringify(await subject.read());
    // Data that was read before the first watcher came may be older than what that watcher has been sent
    // since.
    if (at !== epoch) return;
    if (json === subject.last || json === 'null') return;
    subject.last = json;
    tellAll(subject.event, json);
  }

  async function lookAtAll(): Promise<void> {
    looks++;
    await sampler.tick();
    if (watchers.size === 0) return;
    await wantTail(fleet);
    for (const subject of subjects)
      if (looks % subject.every === 0 || subject.last === null) await look(subject);
  }

  /**
   * The next round begins only after the former has ended, so a slow Redis does not get more and more
   * queries.
   */
  const looking = repeat(READ_EVERY_MS, lookAtAll, onError);

  return {
    watch(watcher) {
      if (watchers.size === 0) begin();
      watchers.add(watcher);
      for (const { event, last } of subjects) if (last !== null) watcher.tell(event, last);
      return () => {
        watchers.delete(watcher);
        if (watchers.size === 0) end();
      };
    },
    stop() {
      looking.stop();
      end();
    },
  };

  /** The state of each subject is out of date: nothing was read while nobody watched. */
  function begin(): void {
    epoch++;
    for (const subject of subjects) subject.last = null;
    tail ??= openTail(context, (batch) => tellAll('tail', JSON.stringify(batch)));
    wantTail(fleet).then(lookAtAll).catch(onError);
  }

  function end(): void {
    tail?.stop();
    tail = null;
  }
}

async function watchedHosts(fleet: Fleet) {
  const keys = await listHosts(fleet, await listOpenCrawls(fleet), MOST_HOSTS);
  return lookAtHosts(fleet, keys);
}

function openTail({ address, fleet }: ApiContext, onBatch: (batch: TailBatch) => void): { stop(): void } {
  const subscriber = connectRedis(address, 'script');
  const leave = listenToTail(subscriber, fleet.namespace, onBatch);
  return {
    stop() {
      leave();
      closeRedis(subscriber);
    },
  };
}
