// A program of the user's as a member of a fleet: its settings, and the Redis that they name or the embedded one of the data directory.
import { parseSetting, unknownKey } from '../config/parse.ts';
import { readSettings } from '../config/read.ts';
import type { NameOf, SettingName, Settings } from '../config/settings.ts';
import { ensureEmbeddedRedis, keepEmbeddedRedis } from '../embedded/embedded-redis.ts';
import type { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { namespaceOf } from '../keys.ts';
import { closeRedis, connectRedis, type Redis, redisFailure } from '../redis.ts';
import { openFleet } from './format.ts';

/** Settings as a program gives them: what is a number also as text, such as '2s' or '10MiB'. */
export type GivenSettings<Name extends SettingName> = {
  [N in Name]?: Settings[N] | (number extends Settings[N] ? string : never);
};

/** Which fleet: the same as the commands' unless something else is given. */
export type FleetOptions = GivenSettings<NameOf<'place'>>;

/** A program of the user's as a member of a fleet. */
export interface Membership {
  settings: Settings;
  fleet: Fleet;
  /**
   * Does work that needs Redis, and keeps the process alive for so long: without work at hand it may end, whether or not the fleet was left.
   * What Redis says becomes a DroverError; when it is away, E_REDIS_DOWN within about 5 s.
   */
  at<T>(work: () => Promise<T>): Promise<T>;
  /** Of the embedded Redis the last user stops it. */
  leave(): Promise<void>;
}

/**
 * `given` goes before DROVER_* variables and drover.config, as flags do. Throws E_SETTING for what has none of the names `allowed`, or a wrong
 * value; errors of layer redis or disk.
 */
export async function joinFleet(
  given: Readonly<Record<string, unknown>>,
  allowed: readonly SettingName[],
): Promise<Membership> {
  const settings = await settingsOf(given, allowed);
  const embedded = settings.redisUrl === null ? await joinEmbedded(settings.dataDir) : null;
  try {
    const redis = connectRedis({ url: embedded?.url ?? settings.redisUrl ?? '' }, 'producer');
    const fleet = await openFleet(redis, namespaceOf(settings.namespace));
    const hold = holdWhileBusy(redis);
    return {
      settings,
      fleet,
      at: (work) => hold(work).catch((error) => Promise.reject(named(error, embedded))),
      async leave() {
        closeRedis(redis);
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
  // That the embedded Redis is away says less than why it cannot be started again.
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
 * Lets the process end while the connection is open and idle. Answers what runs work on it, for which the process stays; the connection's own
 * attempts to reconnect do not keep it either.
 */
function holdWhileBusy(redis: Redis): <T>(work: () => Promise<T>) => Promise<T> {
  const inner = redis as unknown as Record<
    'stream' | 'reconnectTimeout',
    NodeJS.RefCounted | null | undefined
  >;
  let busy = 0;
  const apply = () => {
    for (const handle of [inner.stream, inner.reconnectTimeout]) {
      if (busy > 0) handle?.ref();
      else handle?.unref();
    }
  };
  redis.on('connect', apply).on('reconnecting', apply);
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
