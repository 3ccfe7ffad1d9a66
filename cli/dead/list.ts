// drover dead list: lists dead letters, newest first.
import { deadLetters } from '../../src/dead/shards/letters.ts';
import { printable } from '../../src/printable.ts';
import type { DeadLetter } from '../../src/queue/dead-letters.ts';
import { redacted } from '../../src/redact.ts';
import { EXIT } from '../command/failures.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import { counted } from '../terminal/figures.ts';
import { deadFilter } from './filter.ts';
import type { ListLettersOptions } from './options.ts';
import { withDead } from './session.ts';

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_USAGE, E_SETTING. */
export function run(args: string[], options: ListLettersOptions): Promise<number> {
  const { limit } = options;
  return withDead(options.settings, async (session, shards) => {
    const filter = await deadFilter(session, shards, args[0], options);
    let shown = 0;
    for await (const letter of deadLetters(shards, filter)) {
      if (shown === limit) {
        process.stderr.write(`there are more than ${limit}: raise --limit to see them\n`);
        break;
      }
      shown++;
      const safe = redacted(letter);
      process.stdout.write(options.json ? `${JSON.stringify(safe)}\n` : lines(safe));
    }
    if (shown === 0 && !options.json) process.stdout.write('no dead letters\n');
    return EXIT.recorded;
  });
}

function lines({ failedAt, code, attempts, url, message, jobId }: DeadLetter): string {
  const each = [
    `${failedAt}  ${code}  ${counted(attempts, 'attempt')}  ${url}`,
    `    ${message}`,
    `    ${OWN_COMMAND} dead show ${jobId}`,
  ];
  return each.map((line) => `${printable(line)}\n`).join('');
}
