// Builds the contexts of a consumer's jobs: what all of them share, and what belongs to each shard.

import type { Settings } from '../src/config/settings.ts';
import { FILES } from '../src/config/store-address.ts';
import { createCookieJars } from '../src/cookies/cookie-jars.ts';
import { createLoadedCrawls } from '../src/crawl/loaded-crawl.ts';
import type { TroubleLog } from '../src/fleet/trouble-log.ts';
import { type Fleet, shardOf } from '../src/fleet.ts';
import { askGate } from '../src/frontier/ask-gate.ts';
import { createCommitter } from '../src/frontier/commit.ts';
import type { Log } from '../src/log.ts';
import { createCrawlDelays } from '../src/politeness/crawl-delays.ts';
import { createBackoff } from '../src/politeness/host-backoff.ts';
import { createSlots, type Slots } from '../src/politeness/slot.ts';
import type { RequestQueue } from '../src/queue/queue.ts';
import type { RecordStores } from '../src/records/stores.ts';
import { createRobots, PRODUCT_TOKEN } from '../src/robots/robots.ts';
import { createWarcWriters } from '../src/warc/writers.ts';
import { FormerPages } from './again/former-pages.ts';
import type { Connections } from './connections.ts';
import type { ConsumerContext } from './context.ts';
import { type FetchSources, fetcherThrough } from './fetch/proxied-fetcher.ts';
import { AlikePages } from './follow/alike-pages.ts';
import { knownLinksOf } from './follow/known-links.ts';
import type { UserCode } from './handlers/user-code.ts';
import { Renders } from './render/renders.ts';
import { createDispatcher, type Dispatcher } from './shards/dispatcher.ts';
import { pageRoomOfShard, waitingRoomOfShard } from './shards/rooms.ts';
import { createPageRoom } from './slot/page-room.ts';
import { createPermits } from './slot/permits.ts';
import { createWaitingRoom } from './slot/waiting-room.ts';
import { storeListener } from './store/prepare-stores.ts';
import { createHostTimes } from './telemetry/host-times.ts';
import { createTallies } from './telemetry/tallies.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

interface ContextParts {
  settings: Settings;
  serve: string;
  consumer: string;
  connections: Connections;
  /** One for each shard. */
  queues: readonly RequestQueue[];
  /** The numbers of the shards whose jobs are taken here. */
  served: readonly number[];
  /** How many fetches of this process are for a shard. */
  shareOf: (shard: number) => number;
  sources: FetchSources;
  telemetry: Telemetry;
  stores: RecordStores;
  userCode: UserCode;
  log: Log;
  troubles: TroubleLog;
  onError: (error: unknown) => void;
  onTrouble: (error: unknown) => void;
  stopping: () => boolean;
}

/** One context for each shard that is served, and what stops with the process. */
export interface Contexts {
  contexts: ConsumerContext[];
  slots: Slots;
  /** One for each shard. */
  dispatchers: readonly Dispatcher[];
  /** Ends what is in the process once. */
  shared: Omit<ConsumerContext, OfShard>;
}

/** What each shard has of its own. */
type OfShard = 'fleet' | 'dispatcher' | 'committer' | 'pageRoom' | 'waitingRoom';

export function createContexts(parts: ContextParts): Contexts {
  const { settings, telemetry, stores, log, troubles, served, onError, onTrouble, stopping } = parts;
  const { fleet } = parts.connections;
  const { slots, dispatchers } = createDispatch(parts);
  const [loadedCrawls, alikePages] = [createLoadedCrawls(fleet), new AlikePages()];
  const { handlers } = parts.userCode;
  const { concurrency } = settings;
  const shared = {
    home: fleet,
    ...fetcherThrough(parts.sources, settings, { meters: telemetry.meters, troubles }),
    robots: createRobots({ fleet, productToken: PRODUCT_TOKEN, nowMs: Date.now }),
    slots,
    backoff: createBackoff({ fleet, keyEvents: slots.keyEvents, onError }),
    crawlDelays: createCrawlDelays({ fleet, keyEvents: slots.keyEvents }),
    cookieJars: createCookieJars({ ...parts.connections, onError }),
    permits: createPermits(concurrency),
    stores: telemetry.watchStores(stores),
    archives: createWarcWriters(storeListener(troubles)),
    loadedCrawls,
    formerPages: new FormerPages({ stores, loadedCrawls, handlers, alikePages, troubles, log }),
    ...parts.userCode,
    renders: new Renders({ ...parts, fleet }),
    tallies: createTallies(fleet),
    hostTimes: createHostTimes(parts.serve),
    alikePages,
    knownLinks: knownLinksOf(fleet.redis),
    meters: telemetry.meters,
    reports: telemetry.reports,
    log,
    troubles,
    onTrouble,
    stopping,
  };
  const rooms = { waitingRoom: createWaitingRoom(concurrency), pageRoom: createPageRoom(concurrency) };
  const step = Math.ceil(concurrency / 2 / served.length);
  const contexts = served.map((shard) => ({
    ...shared,
    fleet: fleet.shards[shard] as Fleet,
    dispatcher: dispatchers[shard] as Dispatcher,
    committer: createCommitter(fleet.shards[shard] as Fleet, stores.at(FILES).place, onError),
    waitingRoom: served.length > 1 ? waitingRoomOfShard(rooms.waitingRoom, step) : rooms.waitingRoom,
    pageRoom: served.length > 1 ? pageRoomOfShard(rooms.pageRoom, step) : rooms.pageRoom,
  }));
  return { contexts, slots, dispatchers, shared };
}

/**
 * The two need each other: each dispatch gives slots back to the fleet, and the slots tell how many
 * jobs the dispatchers bring.
 */
function createDispatch(parts: ContextParts): { slots: Slots; dispatchers: readonly Dispatcher[] } {
  const { settings, serve, consumer, connections, queues, served, shareOf, onError } = parts;
  const { fleet, subscriber } = connections;
  const slots = createSlots({
    fleet,
    askGate: (question, patienceMs) => askGate(fleet, question, patienceMs),
    subscriber,
    consumer,
    onError,
    shareOf,
    capacity: settings.concurrency,
    release: (slot) => dispatchers[shardOf(fleet, slot.key).shard]?.release(slot),
  });
  // As many jobs wait in the queue as the fleet can fetch at a time. With the jobs in hand, the window is
  // twice that.
  const dispatchers = fleet.shards.map((shard) =>
    createDispatcher({
      ...{ serve, onError, fleet: shard, isServed: served.includes(shard.shard) },
      queue: queues[shard.shard] as RequestQueue,
      wanted: () => Math.max(8, slots.fleetCapacity(shard.shard)),
    }),
  );
  return { slots, dispatchers };
}
