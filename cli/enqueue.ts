// drover enqueue: offers seeds to a crawl, durably, and returns.
import { randomUUID } from 'node:crypto';
import { offerSeeds } from '../producers/enqueue.ts';
import { nameBadLine, seedsFromArguments } from '../producers/seeds.ts';
import { crawlSettings } from '../src/config.ts';
import { beginCrawl, leaveCrawl } from '../src/crawl/crawl.ts';
import { nameOfSeeds } from './crawl-name.ts';
import { EXIT } from './failures.ts';
import { onInterrupt } from './interrupt.ts';
import { openSession } from './session.ts';

/** Resolves with the exit code. Throws a DroverError when it cannot begin. */
export async function run(args: string[], options: Record<string, unknown>): Promise<number> {
  const session = await openSession(options);
  const { settings, redis, shard } = session;
  const name = String(options.crawl ?? nameOfSeeds(args));
  const producer = randomUUID();
  const begun = await beginCrawl(redis, shard, {
    name,
    producer,
    settings: crawlSettings(settings),
    seeds: args.join(' '),
  });
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const interrupt = onInterrupt({ note: say });
  const totals = await offerSeeds({
    redis,
    shard,
    crawl: begun.id,
    producer,
    lines: seedsFromArguments(
      args,
      { stripParams: settings.stripParams, maxLength: settings.maxUrlLength },
      process.stdin,
    ),
    onBadLine: (line) => say(nameBadLine(line)),
    stopped: interrupt.asked,
  });
  if (!interrupt.asked()) await leaveCrawl(redis, shard, begun.id, producer);
  const summary = { crawl: begun.id, ...totals };
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else if (!options.quiet) say(sentence(summary));
  await session.close();
  interrupt.done();
  if (interrupt.asked()) return EXIT.interrupted;
  return totals.rejected > 0 ? EXIT.usage : EXIT.recorded;
}

function sentence(totals: {
  crawl: string;
  accepted: number;
  duplicates: number;
  rejected: number;
  overLimit: number;
}): string {
  const parts = [`crawl ${totals.crawl}: ${totals.accepted} accepted`, `${totals.duplicates} known already`];
  if (totals.overLimit > 0) parts.push(`${totals.overLimit} over --limit`);
  if (totals.rejected > 0) parts.push(`${totals.rejected} bad lines`);
  return parts.join(', ');
}
