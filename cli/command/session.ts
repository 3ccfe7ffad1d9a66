// What every command needs: the settings, a Redis that is fit for use (the embedded one unless another is given), a log.

import { join, resolve } from 'node:path';
import { type GivenFlags, readSettings } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import { makeDirectory } from '../../src/embedded/redis-files.ts';
import { DroverError } from '../../src/errors.ts';
import { type Fleet, fleetOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { createLog, type Log } from '../../src/log.ts';
import { checkRedis, closeRedis, connectRedis, type RedisAddress } from '../../src/redis.ts';
import { EXIT, explain } from './failures.ts';

export interface Session {
  settings: Settings;
  address: RedisAddress;
  fleet: Fleet;
  log: Log;
  close(): Promise<void>;
}

/** Throws a DroverError of layer settings, redis or disk. */
export async function openSession(flags: GivenFlags): Promise<Session> {
  const settings = await readSettings(flags);
  await makeDirectory(resolve(settings.dataDir)).catch((cause: Error) => {
    throw new DroverError('E_DATA_DIR', `${settings.dataDir}: ${cause.message}.`, { cause });
  });
  const { address, keeper } = await findRedis(settings);
  const redis = connectRedis(address, 'script');
  try {
    await checkRedis(redis);
  } catch (error) {
    await keeper?.close();
    throw error;
  }
  return {
    settings,
    address,
    fleet: fleetOf(redis, namespaceOf(settings.namespace)),
    log: createLog({ level: settings.logLevel, destination: join(settings.dataDir, 'drover.log') }),
    async close() {
      closeRedis(redis);
      await keeper?.close();
    },
  };
}

/** The embedded Redis cannot be started again (the disk is full, say): what is accepted is on disk, and the command can go on later. */
function giveUp(error: unknown): never {
  process.stderr.write(explain(error));
  process.exit(EXIT.unusable);
}

export async function findRedis(
  settings: Settings,
): Promise<{ address: RedisAddress; keeper: { close(): Promise<void> } | null }> {
  if (settings.redisUrl) return { address: { url: settings.redisUrl }, keeper: null };
  const { ensureEmbeddedRedis, keepEmbeddedRedis } = await import('../../src/embedded/embedded-redis.ts');
  const address = await ensureEmbeddedRedis(settings.dataDir);
  return { address, keeper: keepEmbeddedRedis(settings.dataDir, { onFailure: giveUp }) };
}
