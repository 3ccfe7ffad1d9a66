// What every command needs: settings, and a working Redis (the embedded one unless another is given).
// Commands that look do no more than that at their start, so it loads little.
import { resolve } from 'node:path';
import { type GivenFlags, readSettings } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import { makeDirectory } from '../../src/embedded/redis-files.ts';
import { DroverError } from '../../src/errors.ts';
import { closeFleet, openFleet } from '../../src/fleet/format.ts';
import type { Fleet } from '../../src/fleet.ts';
import { connectRedis, type RedisAddress, redisAddressOf } from '../../src/redis.ts';
import { EXIT, failureText } from './failures.ts';

export interface Session {
  settings: Settings;
  address: RedisAddress;
  fleet: Fleet;
  close(): Promise<void>;
}

/** Throws a DroverError of layer settings, redis or disk. */
export async function openSession(flags: GivenFlags): Promise<Session> {
  const settings = await readSettings(flags);
  await prepareDataDir(settings);
  const { address, keeper } = await findRedis(settings);
  const redis = connectRedis(address, 'script');
  let fleet: Fleet;
  try {
    fleet = await openFleet(redis, { address, role: 'script', shards: settings.shards });
  } catch (error) {
    await keeper?.close();
    throw error;
  }
  return {
    ...{ settings, fleet, address: { ...address, shards: fleet.shards.length } },
    async close() {
      closeFleet(fleet);
      await keeper?.close();
    },
  };
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
