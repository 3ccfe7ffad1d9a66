// drover dead replay: dead letters become waiting requests again.
import { summarizeDead } from '../src/crawl/dead-look.ts';
import { startReplay } from '../src/crawl/dead-replay.ts';
import { DroverError } from '../src/errors.ts';
import { openQueue } from '../src/queue/queue.ts';
import { deadFilter } from './dead-filter.ts';
import { EXIT } from './failures.ts';
import { openSession } from './session.ts';

/** Resolves with the exit code. Throws E_USAGE when nothing is chosen, E_CRAWL_UNKNOWN. */
export async function run(args: string[], options: Record<string, unknown>): Promise<number> {
  if (!args[0] && !options.all)
    throw new DroverError('E_USAGE', 'Name the crawl whose dead letters to replay, or say --all.');
  const session = await openSession(options);
  try {
    const { redis, shard } = session;
    const queue = openQueue(redis, shard);
    const filter = await deadFilter(session, args[0], options.code);
    const how = { canary: 0, rate: 1, overrides: {} };
    const groups = options.dryRun
      ? (await summarizeDead(redis, shard, queue, filter)).map(({ count }) => count)
      : (await startReplay(redis, shard, queue, filter, how)).map(({ opened }) => opened);
    const count = groups.reduce((sum, one) => sum + one, 0);
    if (options.json)
      process.stdout.write(`${JSON.stringify({ replayed: count, dryRun: options.dryRun === true })}\n`);
    else
      process.stderr.write(
        `${count} dead letters ${options.dryRun ? 'would be' : 'are'} waiting again${count ? '; fetch them with: drover consume, or the crawl command once more' : ''}\n`,
      );
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
