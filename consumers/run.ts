// The consumer program: takes jobs of every crawl and fetches them, until it is stopped.
import type { Settings } from '../src/config/settings.ts';
import type { Log } from '../src/log.ts';
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
  const consumer = await startConsumer({
    settings: parts.settings,
    address: parts.address,
    serve: '*',
    log: parts.log,
    say: parts.say,
    stop: parts.stop,
  });
  await parts.stop;
  await consumer.stop();
}
