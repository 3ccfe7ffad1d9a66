// drover dead list: what failed for good, and why.
import { deadLetters } from '../src/crawl/dead-look.ts';
import { DroverError } from '../src/errors.ts';
import { printable } from '../src/log.ts';
import { openQueue } from '../src/queue/queue.ts';
import { deadFilter } from './dead-filter.ts';
import { EXIT } from './failures.ts';
import { openSession } from './session.ts';

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_USAGE. */
export async function run(args: string[], options: Record<string, unknown>): Promise<number> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw new DroverError('E_USAGE', `--limit: expected a number from 1 on (got ${String(options.limit)}).`);
  const session = await openSession(options);
  try {
    const filter = await deadFilter(session, args[0], options.code);
    const queue = openQueue(session.redis, session.shard);
    let shown = 0;
    for await (const letter of deadLetters(session.redis, session.shard, queue, filter)) {
      if (shown === limit) {
        process.stderr.write(`more than ${limit}: see them with --limit\n`);
        break;
      }
      shown++;
      const { failedAt, code, attempts, url, message } = letter;
      const line = `${failedAt}  ${code}  ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}  ${url}\n    ${message}`;
      process.stdout.write(
        options.json ? `${JSON.stringify(letter)}\n` : `${line.split('\n').map(printable).join('\n')}\n`,
      );
    }
    if (shown === 0 && !options.json) process.stdout.write('no dead letters\n');
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
