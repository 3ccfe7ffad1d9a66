// drover purge: deletes crawls with their records, or bodies of records, by age and count. It shows first what
// will go, and asks.
import { createInterface } from 'node:readline/promises';
import { purgedDirectory } from '../src/dead/retention.ts';
import { DroverError } from '../src/errors.ts';
import { type PlannedCrawl, type PurgePlan, planPurge, purgePlanned } from '../src/forget/purge.ts';
import { openQueue } from '../src/queue/queue.ts';
import { EXIT } from './command/failures.ts';
import { openSession, type Session } from './command/session.ts';
import type { PurgeCrawlsOptions } from './options.ts';
import { columns } from './terminal/columns.ts';
import { counted, size } from './terminal/figures.ts';

/** Resolves with the exit code. Throws E_USAGE, E_CRAWL_UNKNOWN, E_DISK_FULL, E_FILE and errors of stores. */
export async function run(_args: string[], options: PurgeCrawlsOptions): Promise<number> {
  checkChoice(options);
  const session = await openSession(options.settings);
  try {
    const plan = await planPurge(session, {
      crawls: options.crawl ?? null,
      olderThanMs: options.olderThan ?? null,
      keep: options.keep ?? null,
      bodiesOlderThanMs: options.bodiesOlderThan ?? null,
      unfinished: options.unfinished,
    });
    if (!options.json) process.stderr.write(planText(plan));
    if (options.dryRun || plan.crawls.length === 0) {
      if (options.json) for (const each of plan.crawls) print({ ...each, purged: false });
      return EXIT.recorded;
    }
    if (!options.yes && !(await isConfirmed())) {
      process.stderr.write('nothing was purged\n');
      return EXIT.dead;
    }
    await purgeAll(session, plan, options.json);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

function checkChoice({ crawl, all, olderThan, keep, bodiesOlderThan }: PurgeCrawlsOptions): void {
  if (crawl !== undefined && all) throw new DroverError('E_USAGE', 'Give either --crawl or --all.');
  if (crawl === undefined && !all && [olderThan, keep, bodiesOlderThan].every((each) => each === undefined))
    throw new DroverError(
      'E_USAGE',
      'Say what is to go: --older-than, --keep, --bodies-older-than, --crawl NAME, or --all.',
    );
}

async function purgeAll(session: Session, plan: PurgePlan, asJson: boolean): Promise<void> {
  const { fleet, stores, settings, log } = session;
  const exportDir = settings.purgeUnexported ? null : purgedDirectory(settings.dataDir);
  const parts = { fleet, stores, queue: openQueue(fleet), exportDir };
  for (const each of plan.crawls) {
    const { isComplete, forgotten } = await purgePlanned(parts, each);
    const { crawl, what, records, bytes } = each;
    log.info({ crawl, what, records, bytes, exportedTo: forgotten?.exportedTo ?? null }, 'purged');
    if (asJson) {
      print({ ...each, purged: isComplete, deadLetters: forgotten?.exportedTo ?? null });
      continue;
    }
    const letters = forgotten?.exportedTo ? `; its dead letters are in ${forgotten.exportedTo}` : '';
    const rest = isComplete ? '' : '; a consumer may still write a part of them: purge again in ten minutes';
    process.stderr.write(
      `${what === 'crawl' ? 'crawl' : 'bodies of crawl'} ${crawl} purged${letters}${rest}\n`,
    );
  }
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function planText({ crawls, leftOut }: PurgePlan): string {
  const left = leftOut.length > 0 ? `not ended, so they stay (--unfinished): ${leftOut.join(', ')}\n` : '';
  if (crawls.length === 0) return `nothing to purge\n${left}`;
  const rows = crawls.map(({ crawl, what, state, endedAt, records, bytes }) => [
    ...[crawl, what === 'crawl' ? 'all of it' : 'bodies', state, endedAt ?? ''],
    ...[String(records), size(bytes)],
  ]);
  const sum = (of: (each: PlannedCrawl) => number) => crawls.reduce((total, each) => total + of(each), 0);
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

/** Throws E_USAGE where nobody can be asked. */
async function isConfirmed(): Promise<boolean> {
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
