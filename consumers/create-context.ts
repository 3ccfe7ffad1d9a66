// Builds the context of a consumer's jobs: what all of them share.

import type { Settings } from '../src/config/settings.ts';
import { FILES } from '../src/config/store-address.ts';
import { createCookieJars } from '../src/cookies/cookie-jars.ts';
import { createLoadedCrawls } from '../src/crawl/loaded-crawl.ts';
import type { TroubleLog } from '../src/fleet/trouble-log.ts';
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
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { type FetchSources, fetcherThrough } from './fetch/proxied-fetcher.ts';
import { AlikePages } from './follow/alike-pages.ts';
import { knownLinksOf } from './follow/known-links.ts';
import type { UserCode } from './handlers/user-code.ts';
import { Renders } from './render/renders.ts';
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
  queue: RequestQueue;
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

export function createContext(parts: ContextParts): ConsumerContext {
  const { settings, telemetry, stores, log, troubles, onError, onTrouble, stopping } = parts;
  const { fleet } = parts.connections;
  const { slots, dispatcher } = createDispatch(parts);
  const [loadedCrawls, alikePages] = [createLoadedCrawls(fleet), new AlikePages()];
  const { handlers } = parts.userCode;
  return {
    fleet,
    ...fetcherThrough(parts.sources, settings, { meters: telemetry.meters, troubles }),
    robots: createRobots({ fleet, productToken: PRODUCT_TOKEN, nowMs: Date.now }),
    slots,
    backoff: createBackoff({ fleet, keyEvents: slots.keyEvents, onError }),
    crawlDelays: createCrawlDelays({ fleet, keyEvents: slots.keyEvents }),
    cookieJars: createCookieJars({ ...parts.connections, onError }),
    permits: createPermits(settings.concurrency),
    waitingRoom: createWaitingRoom(settings.concurrency),
    pageRoom: createPageRoom(settings.concurrency),
    dispatcher,
    committer: createCommitter(fleet, stores.at(FILES).place),
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
}

/**
 * The two need each other: each dispatch gives slots back to the fleet, and the slots tell how many
 * jobs the dispatcher brings.
 */
function createDispatch(parts: ContextParts): { slots: Slots; dispatcher: Dispatcher } {
  const { settings, serve, consumer, connections, queue, onError } = parts;
  const { fleet, subscriber } = connections;
  const slots = createSlots({
    fleet,
    askGate: (question, patienceMs) => askGate(fleet, question, patienceMs),
    subscriber,
    consumer,
    onError,
    capacity: settings.concurrency,
    release: (slot) => dispatcher.release(slot),
  });
  // As many jobs wait in the queue as the fleet can fetch at a time. With the jobs in hand, the window is
  // twice that.
  const wanted = () => Math.max(8, slots.fleetCapacity());
  const dispatcher: Dispatcher = createDispatcher({ fleet, queue, serve, wanted, onError });
  return { slots, dispatcher };
}
