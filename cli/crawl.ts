// drover crawl: offers the seeds and consumes until the crawl ends, in one command.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { offerSeeds } from '../producers/enqueue.ts';
import { nameBadLine, seedsFromArguments } from '../producers/seeds.ts';
import { crawlSettings } from '../src/config.ts';
import { startConsumer } from '../src/crawl/consumer.ts';
import { beginCrawl, leaveCrawl } from '../src/crawl/crawl.ts';
import { writeResults } from '../src/sink/read.ts';
import { nameOfSeeds } from './crawl-name.ts';
import { startDemoSite } from './demo-site.ts';
import { EXIT } from './failures.ts';
import { onInterrupt } from './interrupt.ts';
import { createScreen } from './screen.ts';
import { openSession } from './session.ts';
import { watchCrawl } from './watch-crawl.ts';

/** Resolves with the exit code. Throws a DroverError when it cannot begin. */
export async function run(args: string[], options: Record<string, unknown>): Promise<number> {
  const demo = args.length === 0 ? await startDemoSite() : null;
  const seeds = demo ? [demo.url] : args;
  if (demo && options.perHost === undefined) options.perHost = '8';
  const session = await openSession(options);
  const { settings, redis, shard } = session;
  const screen = createScreen(process.stderr, { quiet: options.quiet === true });
  const name = String(options.crawl ?? (demo ? 'demo' : nameOfSeeds(seeds)));
  const producer = randomUUID();
  const begun = await beginCrawl(redis, shard, {
    name,
    producer,
    settings: crawlSettings(settings),
    seeds: seeds.join(' '),
  });
  screen.note(begun.fresh ? `crawl ${begun.id}` : `crawl ${begun.id}: going on where it stopped`);

  const consumer = await startConsumer({
    settings,
    address: session.address,
    serve: begun.id,
    log: session.log,
  });
  const interrupt = onInterrupt(screen);
  const rules = { stripParams: settings.stripParams, maxLength: settings.maxUrlLength };
  const offering = offerSeeds({
    redis,
    shard,
    crawl: begun.id,
    producer,
    lines: seedsFromArguments(seeds, rules, process.stdin),
    onBadLine: (line) => screen.warn(nameBadLine(line)),
    stopped: () => interrupt.asked(),
  }).finally(() => interrupt.asked() || leaveCrawl(redis, shard, begun.id, producer));

  const started = performance.now();
  const counts = await watchCrawl({ redis, shard, crawl: begun.id, consumer, screen, offering, interrupt });
  const interrupted = counts.state === 'running' || counts.state === 'paused';
  const totals = await offering.catch((error) => (interrupted ? null : Promise.reject(error)));
  await consumer.stop();
  const output = typeof options.output === 'string' && !interrupted ? options.output : null;
  if (output) await writeResults(join(settings.dataDir, 'records'), begun.id, output);
  const summary = {
    counts,
    elapsedMs: performance.now() - started,
    slowestHosts: consumer.hostTimes.slowest(5),
    output,
    interrupted,
    command: import.meta.url.endsWith('.ts') ? 'npm run drover --' : 'drover',
    badLines: totals?.rejected ?? 0,
  };
  screen.end(summary);
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  await session.close();
  await demo?.close();
  interrupt.done();
  if (interrupted) return EXIT.interrupted;
  if (summary.badLines > 0) return EXIT.usage;
  return counts.dead > 0 ? EXIT.dead : EXIT.recorded;
}
