// What drover purge shows before anything goes, and its question.
import { createInterface } from 'node:readline/promises';
import { DroverError } from '../../src/errors.ts';
import type { CrawlToPurge, PurgePreview } from '../../src/forget/purge.ts';
import { columns } from '../terminal/columns.ts';
import { counted, size } from '../terminal/figures.ts';

/** The table of what would go, with its sum, and what stays though it was meant. */
export function previewText(preview: PurgePreview): string {
  const { crawls } = preview;
  const left = leftOutText(preview);
  if (crawls.length === 0) return `nothing to purge\n${left}`;
  const rows = crawls.map(({ crawl, what, state, endedAt, records, bytes }) => [
    ...[crawl, what === 'crawl' ? 'all of it' : 'bodies', state, endedAt ?? ''],
    ...[String(records), size(bytes)],
  ]);
  const sum = (of: (each: CrawlToPurge) => number) => crawls.reduce((total, each) => total + of(each), 0);
  const total = `${counted(crawls.length, 'crawl')}, ${counted(
    sum(({ records }) => records),
    'record',
  )}, ${size(sum(({ bytes }) => bytes))}\n`;
  const elsewhere = crawls.flatMap(({ crawl, elsewhere: places }) =>
    places.map(
      ({ path, records }) =>
        `of ${crawl}, ${counted(records, 'record')} at ${path} stay: purge does not reach them\n`,
    ),
  );
  return `${columns(['crawl', 'what goes', 'state', 'ended', 'records', 'size'], rows, 4)}${total}${elsewhere.join('')}${left}`;
}

/** Which crawls stay because they have not ended, or because of a schedule; '' if there are none. */
export function leftOutText({ leftOut, scheduled }: PurgePreview): string {
  const open = leftOut.length > 0 ? `not ended, so they stay (--unfinished): ${leftOut.join(', ')}\n` : '';
  const needed = scheduled.map(
    ({ crawl, schedule }) =>
      `${crawl} stays: the next run of schedule ${schedule} goes by it (drover schedule remove ${schedule})\n`,
  );
  return `${open}${needed.join('')}`;
}

/** Whether the user says yes. Throws E_USAGE where nobody can be asked. */
export async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new DroverError(
      'E_USAGE',
      'Without a terminal, purge needs --yes. --dry-run only shows what would go.',
    );
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question('Delete this for good? [y/N] ')).trim());
  } finally {
    asking.close();
  }
}
