// Runs a consumer that takes jobs of every crawl: for the command until it is told to stop, or for a user's
// program until it closes it.
import { resolve } from 'node:path';
import { type NameOf, namesOf, type Settings } from '../src/config/settings.ts';
import { makeDirectory } from '../src/embedded/redis-files.ts';
import { DroverError } from '../src/errors.ts';
import { type FleetOptions, type GivenSettings, joinFleet } from '../src/fleet/join.ts';
import type { Handler } from '../src/handlers/define.ts';
import { type Log, openLog } from '../src/log.ts';
import type { RedisAddress } from '../src/redis.ts';
import { startConsumer } from './consumer.ts';

/** Resolves when `stop` has resolved and all jobs in flight are settled. */
export async function consume(parts: {
  settings: Settings;
  address: RedisAddress;
  log: Log;
  stop: Promise<void>;
  /** Prints a line about an outage or a wrong clock. */
  say: (line: string) => void;
}): Promise<void> {
  const consumer = await startConsumer({ ...parts, serve: '*' });
  await parts.stop;
  await consumer.stop();
}

/**
 * The handlers, the other settings of consumers by their names in docs/settings.md, and the fleet: `redisUrl`
 * or `dataDir`, and `namespace`.
 */
export type ConsumerOptions = {
  /** Handlers, or the paths of files with handlers. The first that matches takes a page. */
  handlers?: readonly (Handler | string)[];
  /**
   * Called with what you should know, such as a handler that blocks the event loop, or an outage of Redis.
   * Default: process.emitWarning.
   */
  onWarning?: (line: string) => void;
} & FleetOptions &
  Omit<GivenSettings<NameOf<'consumer' | 'command'>>, 'handlers'>;

export interface ProgramConsumer extends AsyncDisposable {
  /** How many fetches are in flight in this process. */
  inFlight(): number;
  /**
   * Finishes what is in flight, within `grace`, and returns the rest to the queue. The process stays alive
   * until then.
   */
  close(): Promise<void>;
}

/** What `createConsumer` of the package does. */
export async function runInProgram(options: ConsumerOptions): Promise<ProgramConsumer> {
  const { onWarning = (line: string) => process.emitWarning(line, 'DroverWarning'), ...given } = options;
  const membership = await joinFleet(given, namesOf('consumer', 'place', 'command'));
  const { settings, address } = membership;
  try {
    await makeDirectory(resolve(settings.dataDir)).catch((cause: Error) => {
      throw new DroverError('E_DATA_DIR', `${settings.dataDir}: ${cause.message}.`, { cause });
    });
    const log = await openLog(settings);
    let closing: Promise<void> | null = null;
    const close = () => {
      closing ??= consumer.stop().finally(membership.leave);
      return closing;
    };
    const onOutdated = ({ message, code }: DroverError) => {
      onWarning(`${message} (${code}) This consumer stops.`);
      void close();
    };
    const consumer = await startConsumer({
      ...{ settings, address, serve: '*', log, say: onWarning, onOutdated },
    });
    return { inFlight: consumer.inFlight, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await membership.leave();
    throw error;
  }
}
