// Makes a user's program a member of a fleet: reads its settings and connects to Redis, or to the embedded
// Redis of the data directory.
import { parseSetting } from '../config/parse.ts';
import { readSettings } from '../config/read.ts';
import type { NameOf, SettingName, Settings } from '../config/settings.ts';
import { unknownKey } from '../config/unknown.ts';
import { ensureEmbeddedRedis, keepEmbeddedRedis } from '../embedded/embedded-redis.ts';
import type { DroverError } from '../errors.ts';
import { connectionsOf, type Fleet } from '../fleet.ts';
import { redisFailure } from '../redis/failures.ts';
import { connectRedis, type Redis, type RedisAddress, redisAddressOf } from '../redis.ts';
import { closeFleet, openFleet } from './format.ts';

/** Settings as a program gives them. A number may also be text with a unit, such as '2s' or '10MiB'. */
export type GivenSettings<Name extends SettingName> = {
  [N in Name]?: Settings[N] | (number extends Settings[N] ? string : never);
};

/** The options that choose the fleet. By default it is the fleet of the commands. */
export type FleetOptions = GivenSettings<NameOf<'place'>>;

/** A user's program as a member of a fleet. */
export interface Membership {
  settings: Settings;
  fleet: Fleet;
  /** The Redis, for further connections. */
  address: RedisAddress;
  /**
   * Runs `work`, which needs Redis, and keeps the process alive until it ends. At other times the process may
   * end, even without `leave`. Errors of Redis become DroverErrors; E_REDIS_DOWN comes within about 5 s when
   * Redis is away.
   */
  at<T>(work: () => Promise<T>): Promise<T>;
  /** Closes the connection. The last user of an embedded Redis stops it. */
  leave(): Promise<void>;
}

/**
 * Joins a fleet. `given` overrides DROVER_* variables and drover.config, as flags do. Throws E_SETTING for a
 * name that is not in `allowed` or a wrong value, and errors of layers redis and disk.
 */
export async function joinFleet(
  given: Readonly<Record<string, unknown>>,
  allowed: readonly SettingName[],
): Promise<Membership> {
  const settings = await settingsOf(given, allowed);
  const embedded = settings.redisUrl === null ? await joinEmbedded(settings.dataDir) : null;
  try {
    const place = redisAddressOf(settings, embedded?.url ?? settings.redisUrl ?? '');
    const opening = { address: place, role: 'producer', shards: settings.shards } as const;
    const fleet = await openFleet(connectRedis(place, 'producer'), opening);
    const address = { ...place, shards: fleet.shards.length };
    const hold = holdWhileBusy(connectionsOf(fleet));
    return {
      settings,
      fleet,
      address,
      at: (work) => hold(work).catch((error) => Promise.reject(named(error, embedded))),
      async leave() {
        closeFleet(fleet);
        await embedded?.leave();
      },
    };
  } catch (error) {
    await embedded?.leave();
    throw error;
  }
}

function named(error: unknown, embedded: Embedded | null): unknown {
  const known = redisFailure(error);
  // The reason why the embedded Redis cannot be started says more than that it is down.
  return (known?.code === 'E_REDIS_DOWN' && embedded?.trouble()) || known || error;
}

async function settingsOf(
  given: Readonly<Record<string, unknown>>,
  allowed: readonly SettingName[],
): Promise<Settings> {
  const known: ReadonlySet<string> = new Set(allowed);
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!known.has(name)) throw unknownKey(name, 'the options', allowed);
    if (value !== undefined) values[name] = parseSetting(name as SettingName, value, name);
  }
  return readSettings(values);
}

interface Embedded {
  url: string;
  /** Why it cannot be started again; null while it runs. */
  trouble(): DroverError | null;
  leave(): Promise<void>;
}

async function joinEmbedded(dataDir: string): Promise<Embedded> {
  const { url } = await ensureEmbeddedRedis(dataDir);
  let trouble: DroverError | null = null;
  const keeper = keepEmbeddedRedis(dataDir, {
    onRestart() {
      trouble = null;
    },
    onFailure(error) {
      trouble = error;
    },
  });
  return { url, trouble: () => trouble, leave: keeper.close };
}

/**
 * Lets the process end while the connections are open and idle. Returns a function that runs work and keeps
 * the process alive meanwhile. Attempts to reconnect do not keep the process alive either.
 */
function holdWhileBusy(connections: readonly Redis[]): <T>(work: () => Promise<T>) => Promise<T> {
  const inner = connections as unknown as Record<
    'stream' | 'reconnectTimeout',
    NodeJS.RefCounted | null | undefined
  >[];
  let busy = 0;
  const apply = () => {
    for (const handle of inner.flatMap(({ stream, reconnectTimeout }) => [stream, reconnectTimeout])) {
      if (busy > 0) handle?.ref();
      else handle?.unref();
    }
  };
  for (const redis of connections) redis.on('connect', apply).on('reconnecting', apply);
  apply();
  return async (work) => {
    busy++;
    apply();
    try {
      return await work();
    } finally {
      busy--;
      apply();
    }
  };
}
