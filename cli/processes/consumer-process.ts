// A consumer in a process of its own. It tells the command that started it what it does, and ends with it.
import { type Consumer, startConsumer } from '../../consumers/consumer.ts';
import type { DroverError } from '../../src/errors.ts';
import { lookOutForParent } from '../../src/handlers/threads/look-out.ts';
import { type ConsumerSession, openConsumerSession } from '../command/consumer-session.ts';
import { EXIT } from '../command/failures.ts';
import { AFTER_GRACE_MS } from '../command/interrupt.ts';
import { LOAD_EVERY_MS } from './load-meter.ts';
import { packTrouble } from './messages.ts';
import type { ConsumerProcessOptions } from './options.ts';
import { createReport, createTroubleReport, tell } from './tell.ts';

/** Resolves with the exit code after it was told to stop, by SIGTERM or by the end of its command. */
export async function run(_args: string[], options: ConsumerProcessOptions): Promise<number> {
  const stop = untilStopped();
  const outdated = Promise.withResolvers<DroverError>();
  const { session, consumer } = await begin(options, stop, outdated.resolve).catch((error) => {
    tell({ kind: 'failed', trouble: packTrouble(error) });
    throw error;
  });
  tell({ kind: 'consuming' });
  const report = createReport(consumer);
  const reporting = setInterval(report, LOAD_EVERY_MS);
  const failure = await Promise.race([stop, outdated.promise]);
  clearInterval(reporting);
  await consumer.stop();
  report();
  await session.close();
  if (failure) throw failure;
  return EXIT.recorded;
}

async function begin(
  { settings: flags, serve }: ConsumerProcessOptions,
  stop: Promise<void>,
  onOutdated: (failure: DroverError) => void,
): Promise<{ session: ConsumerSession; consumer: Consumer }> {
  const session = await openConsumerSession(flags);
  const { settings, address, log } = session;
  const lateMs = settings.grace + AFTER_GRACE_MS;
  void stop.then(() => setTimeout(() => process.exit(EXIT.interrupted), lateMs).unref());
  // A handler that computes for ever does not hear that the command has ended.
  if (process.channel && settings.handlers.length > 0) lookOutForParent(lateMs);
  const consumer = await startConsumer({
    ...{ settings, address, log, serve, stop, onOutdated },
    say: (line) => tell({ kind: 'line', line }),
    onTrouble: createTroubleReport(),
  });
  return { session, consumer };
}

/**
 * Resolves at the first SIGTERM. Further ones change nothing: a supervisor may send one to each process, and
 * the command sends another. A Ctrl-C in a terminal goes to all of its processes, and the command decides
 * what it means.
 */
function untilStopped(): Promise<void> {
  process.on('SIGINT', () => undefined);
  return new Promise((stop) => process.on('SIGTERM', () => stop()));
}
