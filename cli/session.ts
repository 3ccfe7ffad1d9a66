// What every command needs: the settings, a Redis that is fit for use (the embedded one unless another is given), a log.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readSettings, type Settings } from '../src/config.ts';
import { DroverError } from '../src/errors.ts';
import { shardOf } from '../src/frontier/keys.ts';
import { createLog, type Log } from '../src/log.ts';
import { checkRedis, connectRedis, type Redis, type RedisAddress } from '../src/redis.ts';
import { flagsOf } from './options.ts';

export interface Session {
  settings: Settings;
  address: RedisAddress;
  redis: Redis;
  shard: string;
  log: Log;
  close(): Promise<void>;
}

/** Throws a DroverError of layer settings, redis or disk. */
export async function openSession(options: Record<string, unknown>): Promise<Session> {
  const settings = await readSettings(flagsOf(options));
  makeDataDir(settings.dataDir);
  const { address, keeper } = await findRedis(settings);
  const redis = connectRedis(address, 'script');
  try {
    await checkRedis(redis);
  } catch (error) {
    redis.disconnect();
    await keeper?.close();
    throw error;
  }
  return {
    settings,
    address,
    redis,
    shard: shardOf(settings.prefix),
    log: createLog({ level: settings.logLevel, destination: join(settings.dataDir, 'drover.log') }),
    async close() {
      redis.disconnect();
      await keeper?.close();
    },
  };
}

function makeDataDir(path: string): void {
  try {
    makeWithParents(resolve(path));
  } catch (cause) {
    throw new DroverError('E_DATA_DIR', `${path}: ${(cause as Error).message}.`, { cause });
  }
}

/** Step by step: with `recursive`, Node tries for ever below /proc. */
function makeWithParents(path: string): void {
  if (existsSync(path)) return;
  makeWithParents(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

async function findRedis(settings: Settings): Promise<{ address: RedisAddress; keeper: { close(): Promise<void> } | null }> {
  if (settings.redisUrl) return { address: { url: settings.redisUrl }, keeper: null };
  const { ensureEmbeddedRedis, keepEmbeddedRedis } = await import('./embedded-redis.ts');
  const address = await ensureEmbeddedRedis(settings.dataDir);
  return { address, keeper: keepEmbeddedRedis(settings.dataDir) };
}
