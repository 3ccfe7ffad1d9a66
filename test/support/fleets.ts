// A Redis for all tests of one file, and fleets on it that do not share anything else.
import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { type Fleet, homeOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import { type CommandRunner, openCommandRunner } from './crawls.ts';
import { startTestRedis, type TestRedis, type TestRedisOptions } from './redis.ts';

export interface TestFleet {
  runner: CommandRunner;
  /** Home of all its shards (DROVER_SHARDS). Uses the connection of the whole file. */
  fleet: Fleet;
  namespace: string;
}

export interface Fleets {
  /** The connection of the whole file. It exists from before the first test on. */
  readonly redis: Redis;
  readonly url: string;
  /** Opens a fleet for one test. Each of its commands gets `environment`. */
  open(environment?: Record<string, string>): Promise<TestFleet>;
}

/**
 * To be called once, at the top of a test file: starts the Redis before its tests and stops it after them.
 */
export function openFleets(options: TestRedisOptions = {}): Fleets {
  let server: TestRedis;
  let redis: Redis;
  let started: Promise<void>;
  before(() => {
    started = (async () => {
      server = await startTestRedis(options);
      redis = connectRedis({ url: server.url }, 'script');
    })();
    return started;
  });
  after(async () => {
    redis.disconnect();
    await server.stop();
  });
  return {
    get redis() {
      return redis;
    },
    get url() {
      return server.url;
    },
    async open(environment = {}) {
      await started; // hooks of a file's top begin at once, and none waits for the one before it
      const named = `t${randomUUID().slice(0, 8)}`;
      const runner = await openCommandRunner({
        REDIS_URL: server.url,
        DROVER_NAMESPACE: named,
        ...environment,
      });
      const namespace = namespaceOf(named);
      const shards = Number(environment.DROVER_SHARDS ?? process.env.DROVER_SHARDS ?? 1);
      return { runner, fleet: homeOf(Array(shards).fill(redis), namespace), namespace };
    },
  };
}
