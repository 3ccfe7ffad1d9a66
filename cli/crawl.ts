// drover crawl: offers the seeds and consumes until the crawl ends, in one command.

import { openConsumerSession } from './command/consumer-session.ts';
import { nameOfSeeds } from './command/crawl-name.ts';
import { crawlToEnd } from './command/crawl-to-end.ts';
import { type ExportFile, reserveExport } from './command/output-file.ts';
import { startDemoSite } from './demo/site.ts';
import type { CrawlOptions } from './options.ts';
import { createScreen } from './terminal/screen.ts';
import { exitCodeOfCrawl } from './terminal/summary.ts';

/**
 * Resolves with the exit code. Throws a DroverError when it cannot begin or go on, and after the summary when
 * the file of -o could not be written, or not with all records.
 */
export async function run(args: string[], options: CrawlOptions): Promise<number> {
  const output = await reserveExport(options);
  return runWith(output, args, options).finally(output.release);
}

async function runWith(reserved: ExportFile, args: string[], options: CrawlOptions): Promise<number> {
  const session = await openConsumerSession(options.settings);
  const { settings } = session;
  const demo = args.length + settings.sitemap.length === 0 ? await startDemoSite() : null;
  if (demo && options.settings.perHost === undefined) settings.perHost = 8;
  try {
    const screen = createScreen(process.stderr, { quiet: options.quiet });
    const name = options.crawl ?? (demo ? 'demo' : nameOfSeeds([...args, ...settings.sitemap]));
    const output = options.output === undefined ? null : reserved;
    const { failure, ...summary } = await crawlToEnd(session, screen, {
      ...{ name, seeds: demo ? [demo.url] : args, output, flags: options.settings },
    });
    screen.end(summary);
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    if (failure) throw failure;
    return exitCodeOfCrawl(summary);
  } finally {
    await session.close();
    await demo?.close();
    process.stdin.destroy();
  }
}
