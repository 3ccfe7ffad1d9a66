// One crawl from its seeds to its end: offers the seeds, consumes, shows the progress, writes the file.
import type { Enqueuing } from '../../producers/enqueue.ts';
import type { GivenFlags } from '../../src/config/read.ts';
import { readCounts } from '../../src/crawl/crawl.ts';
import { type Consumers, startConsumers } from '../processes/consumers.ts';
import { processCount } from '../processes/need.ts';
import { createBadLineNotice } from '../terminal/bad-lines.ts';
import { createHeldNotice } from '../terminal/held-back.ts';
import type { Screen } from '../terminal/screen.ts';
import type { Summary } from '../terminal/summary.ts';
import { createTroubles } from '../terminal/trouble.ts';
import type { ConsumerSession } from './consumer-session.ts';
import { onInterrupt } from './interrupt.ts';
import { tellWebhook } from './last-webhooks.ts';
import { type ExportFile, writeOutput } from './output-file.ts';
import { OWN_COMMAND as command } from './own-command.ts';
import { watchCrawl } from './watch-crawl.ts';

type BeginningAndOutput = {
  /** Begins the crawl, or goes on with it. */
  begin: () => Promise<Enqueuing>;
  output: ExportFile | null;
  /** Those of the settings, as the user gave them. */
  flags: GivenFlags;
};
/** `failure` is why the file of -o does not hold all records. */
type Ended = Summary & { failure: unknown };

/**
 * Begins the crawl or goes on with it, offers its seeds, and fetches until it has ended or the user
 * interrupts. Then writes the file. Throws a DroverError when the crawl cannot begin or go on.
 */
export async function crawlToEnd(
  session: ConsumerSession,
  screen: Screen,
  wanted: BeginningAndOutput,
): Promise<Ended> {
  const { begin, output, flags } = wanted;
  const { fleet, address, log } = session;
  const count = processCount(session.settings.processes);
  const begun = await begin();
  const { settings } = begun;
  const intent = [begun.fresh ? null : 'continuing where it stopped', begun.intent].filter(Boolean);
  screen.note([`crawl ${begun.id}`, ...(intent.length > 0 ? [intent.join('; ')] : [])].join(': '));
  const before = await readCounts(fleet, begun.id);
  const recordedBefore = begun.fresh ? 0 : before.recorded;
  let consumers: Consumers | null = null;
  const interrupt = onInterrupt(screen, settings.grace, () => consumers?.kill());
  const troubles = createTroubles();
  try {
    consumers = await startConsumers({
      ...{ settings, flags, address, log, serve: begun.id, count, startsHere: true, stop: interrupt.wait },
      waiting: async () => (await readCounts(fleet, begun.id)).waiting,
      ...{ say: screen.warn, note: screen.note, onTrouble: troubles.note, onFailure: troubles.end },
    });
    const started = performance.now();
    const offering = begun.run({
      stdin: process.stdin,
      onBadLine: createBadLineNotice(screen.warn),
      onAssumed: screen.note,
      onNotice: screen.warn,
      onHeld: createHeldNotice(screen.note, settings.maxFrontier),
      onAccepted: () => consumers?.kick(),
      stopped: interrupt.asked,
    });
    const watched = { fleet, crawl: begun.id, before, consumers, screen, offering, interrupt, command };
    const seen = await watchCrawl({ ...watched, trouble: troubles.first });
    const elapsedMs = performance.now() - started;
    if (!seen.interrupted) await tellWebhook({ ...watched, settings, log });
    await consumers.stop();
    const writing = writeOutput(session, begun.id, seen.interrupted ? null : output);
    const written = (await interrupt.unless(writing)) ?? { output: null, failure: null };
    return {
      ...seen,
      ...written,
      counts: seen.counts.state === 'cancelled' ? await readCounts(fleet, begun.id) : seen.counts,
      elapsedMs,
      recordedBefore,
      slowestHosts: consumers.slowestHosts(5),
      command,
    };
  } finally {
    await consumers?.stop();
    interrupt.done();
  }
}
