// drover purge: deletes crawls with their records, or bodies of records, by age and count. It shows first
// what will go, and asks.
import { purgedDirectory } from '../../src/dead/retention.ts';
import { DroverError } from '../../src/errors.ts';
import { type PurgePreview, previewPurge, purgeCrawl } from '../../src/forget/purge.ts';
import { openLog } from '../../src/log.ts';
import { openQueues } from '../../src/queue/queue.ts';
import { EXIT } from '../command/failures.ts';
import { openStoreSession, type StoreSession } from '../command/store-session.ts';
import type { PurgeCrawlsOptions } from '../options.ts';
import { isConfirmed, leftOutText, previewText } from './ask.ts';

/** Resolves with the exit code. Throws E_USAGE, E_CRAWL_UNKNOWN, E_DISK_FULL, E_FILE and errors of stores. */
export async function run(_args: string[], options: PurgeCrawlsOptions): Promise<number> {
  checkChoice(options);
  const session = await openStoreSession(options.settings);
  try {
    const preview = await previewPurge(session, {
      crawls: options.crawl ?? null,
      olderThanMs: options.olderThan ?? null,
      keep: options.keep ?? null,
      bodiesOlderThanMs: options.bodiesOlderThan ?? null,
      unfinished: options.unfinished,
    });
    process.stderr.write(options.json ? leftOutText(preview) : previewText(preview));
    if (options.dryRun || preview.crawls.length === 0) {
      if (options.json) for (const each of preview.crawls) print({ ...each, purged: false });
      return EXIT.recorded;
    }
    if (!options.yes && !(await isConfirmed())) {
      process.stderr.write('nothing was purged\n');
      return EXIT.dead;
    }
    await purgeAll(session, preview, options.json);
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

async function purgeAll(session: StoreSession, preview: PurgePreview, asJson: boolean): Promise<void> {
  const { fleet, stores, settings } = session;
  const log = await openLog(settings);
  const exportDir = settings.purgeUnexported ? null : purgedDirectory(settings.dataDir);
  const parts = { fleet, stores, queues: openQueues(fleet), exportDir };
  for (const each of preview.crawls) {
    const { isComplete, forgotten } = await purgeCrawl(parts, each);
    const { crawl, what, records, bytes } = each;
    log.info({ crawl, what, records, bytes, exportedTo: forgotten?.exportedTo ?? null }, 'purged');
    if (asJson) {
      print({ ...each, purged: isComplete, deadLetters: forgotten?.exportedTo ?? null });
      continue;
    }
    const letters = forgotten?.exportedTo ? `; its dead letters are in ${forgotten.exportedTo}` : '';
    const done = isComplete
      ? `purged${letters}`
      : 'not purged yet: a consumer may still write some of them; purge again in ten minutes';
    process.stderr.write(`${what === 'crawl' ? 'crawl' : 'bodies of crawl'} ${crawl} ${done}\n`);
  }
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
