// drover cancel: ends a crawl at once. Its waiting requests are dropped; its records are kept.
import { steerCrawl } from '../../src/crawl/steer.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';
import { counted } from '../terminal/figures.ts';

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_CRAWL_ENDED. */
export async function run(args: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    const { fleet } = session;
    const { counts, changed, inLanes } = await steerCrawl(fleet, args[0] ?? '', 'cancel');
    const { crawl, state, ...figures } = counts;
    const json = { crawl, state, changed, unfetched: inLanes, ...figures };
    if (options.json) process.stdout.write(`${JSON.stringify(json)}\n`);
    else
      process.stderr.write(
        `crawl ${crawl} ${changed ? 'is cancelled' : 'was cancelled already'}: ${counted(inLanes, 'request')} will not be fetched\n`,
      );
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
