// drover crawl: offers the seeds and consumes until the crawl ends, in one command.
import { type Consumer, startConsumer } from '../consumers/consumer.ts';
import { enqueue } from '../producers/enqueue.ts';
import { readCounts } from '../src/crawl/crawl.ts';
import { nameOfSeeds } from './command/crawl-name.ts';
import { onInterrupt } from './command/interrupt.ts';
import { tellWebhook } from './command/last-webhooks.ts';
import { outputFile, writeOutput } from './command/output-file.ts';
import { OWN_COMMAND as command } from './command/own-command.ts';
import { openSession, type Session } from './command/session.ts';
import { watchCrawl } from './command/watch-crawl.ts';
import { startDemoSite } from './demo/site.ts';
import type { CrawlOptions } from './options.ts';
import { createHeldNotice } from './terminal/held-back.ts';
import { createScreen, type Screen } from './terminal/screen.ts';
import { exitCodeOfCrawl, type Summary } from './terminal/summary.ts';
import { createTroubles } from './terminal/trouble.ts';

/** Resolves with the exit code. Throws a DroverError when it cannot begin or go on. */
export async function run(args: string[], options: CrawlOptions): Promise<number> {
  const [output, session] = [outputFile(options.output), await openSession(options.settings)];
  const { settings } = session;
  const demo = args.length + settings.sitemap.length === 0 ? await startDemoSite() : null;
  if (demo && options.settings.perHost === undefined) settings.perHost = 8;
  try {
    const screen = createScreen(process.stderr, { quiet: options.quiet });
    const name = options.crawl ?? (demo ? 'demo' : nameOfSeeds([...args, ...settings.sitemap]));
    const summary = await crawl(session, screen, { name, seeds: demo ? [demo.url] : args, output });
    screen.end(summary);
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    return exitCodeOfCrawl(summary);
  } finally {
    await session.close();
    await demo?.close();
    process.stdin.destroy();
  }
}

type SeedsAndOutput = { name: string; seeds: string[]; output: string | null };

async function crawl(session: Session, screen: Screen, wanted: SeedsAndOutput): Promise<Summary> {
  const { name, seeds, output } = wanted;
  const { settings, fleet, address, log } = session;
  const troubles = createTroubles();
  const own = { settings, address, log, onTrouble: troubles.note, onWarning: screen.warn };
  const begun = await enqueue({ fleet, settings, name, seeds });
  screen.note(`crawl ${begun.id}${begun.fresh ? '' : ': continuing where it stopped'}`);
  const recordedBefore = begun.fresh ? 0 : (await readCounts(fleet, begun.id)).recorded;
  const interrupt = onInterrupt(screen);
  let consumer: Consumer | null = null;
  try {
    consumer = await startConsumer({ ...own, serve: begun.id });
    const started = performance.now();
    const offering = begun.run({
      stdin: process.stdin,
      ...{ onBadLine: screen.warn, onNotice: screen.warn },
      onHeld: createHeldNotice(screen.note, settings.maxFrontier),
      stopped: interrupt.asked,
    });
    const watched = { fleet, crawl: begun.id, consumer, screen, offering, interrupt, command };
    const seen = await watchCrawl({ ...watched, trouble: troubles.first });
    const elapsedMs = performance.now() - started;
    const file = seen.interrupted ? null : output;
    if (!seen.interrupted) await tellWebhook({ ...watched, settings });
    await consumer.stop();
    await writeOutput(session, begun.id, file);
    return {
      ...seen,
      counts: seen.counts.state === 'cancelled' ? await readCounts(fleet, begun.id) : seen.counts,
      elapsedMs,
      recordedBefore,
      slowestHosts: consumer.hostTimes.slowest(5),
      output: file,
      command,
    };
  } finally {
    await consumer?.stop();
    interrupt.done();
  }
}
