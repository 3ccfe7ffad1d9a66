// drover dead replay: dead letters become waiting requests again.
import { type DeadFilter, deadLetters, replayDead } from '../src/crawl/replay.ts';
import { DroverError } from '../src/errors.ts';
import { openQueue, type RequestQueue } from '../src/queue/queue.ts';
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
    const count = options.dryRun
      ? await countOf(queue, filter)
      : await replayDead(redis, shard, queue, filter);
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

async function countOf(queue: RequestQueue, filter: DeadFilter): Promise<number> {
  let count = 0;
  for await (const _ of deadLetters(queue, filter)) count++;
  return count;
}
