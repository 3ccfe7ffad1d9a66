// drover pause: no new fetch of a crawl starts until it is resumed.
import { steerCrawl } from '../../src/crawl/steer.ts';
import { EXIT } from '../command/failures.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';
import { counted } from '../terminal/figures.ts';

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_CRAWL_ENDED. */
export async function run(args: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    const { counts, changed } = await steerCrawl(session.fleet, args[0] ?? '', 'pause');
    const { crawl, state, ...figures } = counts;
    if (options.json) process.stdout.write(`${JSON.stringify({ crawl, state, changed, ...figures })}\n`);
    else
      process.stderr.write(
        `crawl ${crawl} ${changed ? 'is paused' : 'was paused already'}: ${counted(figures.waiting, 'request')} waiting; resume it with: ${OWN_COMMAND} resume ${crawl}\n`,
      );
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
