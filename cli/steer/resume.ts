// drover resume: resumes a paused crawl.
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import { steerCrawl } from '../../src/crawl/steer.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';
import { counted } from '../terminal/figures.ts';

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_CRAWL_ENDED. */
export async function run(args: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    const { counts, changed } = await steerCrawl(session.fleet, args[0] ?? '', 'resume');
    const { crawl, state, ...figures } = counts;
    if (options.json) process.stdout.write(`${JSON.stringify({ crawl, state, changed, ...figures })}\n`);
    else process.stderr.write(`crawl ${crawl} ${sentence(counts, changed)}\n`);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

function sentence({ state, waiting }: CrawlCounts, changed: boolean): string {
  if (!changed) return 'was running already';
  if (state === 'finished') return 'is finished: no request was left';
  return `is running: ${counted(waiting, 'request')} waiting for a consumer`;
}
