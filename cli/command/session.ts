// What every command needs: settings, and a working Redis (the embedded one unless another is given).
// Commands that look do no more than that at their start, so it loads little.
import { resolve } from 'node:path';
import { type GivenFlags, readSettings } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import { makeDirectory } from '../../src/embedded/redis-files.ts';
import { DroverError } from '../../src/errors.ts';
import { closeFleet, openFleet } from '../../src/fleet/format.ts';
import type { Fleet } from '../../src/fleet.ts';
import { closeRedis, connectRedis, type Redis, type RedisAddress, redisAddressOf } from '../../src/redis.ts';
import { EXIT, failureText } from './failures.ts';

export interface Session {
  settings: Settings;
  address: RedisAddress;
  fleet: Fleet;
  close(): Promise<void>;
}

/** A Redis that is connected, whose namespace is not opened. */
export interface ConnectedPlace {
  settings: Settings;
  address: RedisAddress;
  redis: Redis;
  close(): Promise<void>;
}

/** Throws a DroverError of layer settings, redis or disk. */
export async function connectPlace(flags: GivenFlags): Promise<ConnectedPlace> {
  const settings = await readSettings(flags);
  await prepareDataDir(settings);
  const { address, keeper } = await findRedis(settings);
  const redis = connectRedis(address, 'script');
  const close = async () => {
    closeRedis(redis);
    await keeper?.close();
  };
  return { settings, address, redis, close };
}

/** Throws a DroverError of layer settings, redis or disk. */
export async function openSession(flags: GivenFlags): Promise<Session> {
  const { settings, address, redis, close } = await connectPlace(flags);
  try {
    const fleet = await openFleet(redis, { address, role: 'script', shards: settings.shards });
    return {
      ...{ settings, fleet, address: { ...address, shards: fleet.shards.length } },
      async close() {
        closeFleet(fleet);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Throws E_DATA_DIR. */
export async function prepareDataDir({ dataDir }: Settings): Promise<void> {
  await makeDirectory(resolve(dataDir)).catch((cause: Error) => {
    throw new DroverError('E_DATA_DIR', `${dataDir}: ${cause.message}.`, { cause });
  });
}

/**
 * Ends the command when the embedded Redis cannot be started again, for example because the disk is full.
 * Accepted requests are on disk, and the command can be repeated later.
 */
function giveUp(error: unknown): never {
  process.stderr.write(failureText(error));
  process.exit(EXIT.unusable);
}

export async function findRedis(
  settings: Settings,
): Promise<{ address: RedisAddress; keeper: { close(): Promise<void> } | null }> {
  if (settings.redisUrl) return { address: redisAddressOf(settings, settings.redisUrl), keeper: null };
  const { ensureEmbeddedRedis, keepEmbeddedRedis } = await import('../../src/embedded/embedded-redis.ts');
  const { url } = await ensureEmbeddedRedis(settings.dataDir);
  const address = redisAddressOf(settings, url);
  return { address, keeper: keepEmbeddedRedis(settings.dataDir, { onFailure: giveUp }) };
}
