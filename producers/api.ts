// The HTTP producer: accepts requests over the network, shows and steers their crawls, until it is stopped.
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildServer, checkExposure } from '../src/api/server.ts';
import { createTokens } from '../src/api/tokens.ts';
import type { Settings } from '../src/config/settings.ts';
import { DroverError } from '../src/errors.ts';
import { closeFleet } from '../src/fleet/format.ts';
import { boundHeapGrowth } from '../src/fleet/heap-growth.ts';
import { announceServer } from '../src/fleet/server-member.ts';
import { connectShards } from '../src/fleet/shards.ts';
import { createTroubleLog } from '../src/fleet/trouble-log.ts';
import type { Log } from '../src/log.ts';
import { openQueues } from '../src/queue/queue.ts';
import { openStores } from '../src/records/stores.ts';
import { connectRedis, type RedisAddress } from '../src/redis.ts';

/** /readyz answers 503 for this time before calls are refused, so that a load balancer can react. */
const NOTICE_MS = 1000;

export interface ApiServerRunning {
  /** The address, such as `http://127.0.0.1:3300`. */
  url: string;
  /** Answers 503 on /readyz at once, lets calls end within `grace`, then closes everything. */
  stop(): Promise<void>;
}

/** Listens when it resolves. `onOutdated`: another version took over. Throws E_OPEN_DOOR and E_LISTEN. */
export async function serveApi(parts: {
  settings: Settings;
  address: RedisAddress;
  log: Log;
  version: string;
  onOutdated: (failure: DroverError) => void;
}): Promise<ApiServerRunning> {
  const { settings, address, log, version } = parts;
  const { apiHost: host, apiPort } = settings;
  boundHeapGrowth();
  checkExposure(host, settings.apiToken);
  const role = 'producer';
  const fleet = connectShards(connectRedis(address, role, { name: 'api' }), { address, role });
  const stores = openStores(settings);
  const troubles = createTroubleLog({ log });
  let leaving = false;
  let stopping = false;
  const queues = openQueues(fleet, (error) => troubles.note(error, 'redis'));
  const server = await buildServer({
    ...{ settings, address, fleet, stores, log, version },
    queues,
    tokens: createTokens(settings.apiToken),
    leaving: () => leaving,
    stopping: () => stopping,
  });
  const close = async () => {
    await server.close();
    await stores.close();
    closeFleet(fleet);
  };
  try {
    await server.listen({ host, port: apiPort });
  } catch (cause) {
    await close();
    throw new DroverError('E_LISTEN', `${host}:${apiPort}: ${(cause as Error).message}.`, { cause });
  }
  const membership = announceServer({ ...parts, fleet, isStopping: () => leaving });
  const port = (server.server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    async stop() {
      if (leaving) return;
      leaving = true;
      const late = setTimeout(() => server.server.closeAllConnections(), settings.grace).unref();
      await sleep(Math.min(NOTICE_MS, settings.grace));
      stopping = true;
      await membership.leave();
      await close();
      clearTimeout(late);
    },
  };
}
