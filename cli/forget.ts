// drover forget: removes what crawls that have ended keep in Redis.
import type { LeftRecords } from '../src/crawl/forget.ts';
import { purgedDirectory } from '../src/dead/retention.ts';
import { findCrawlToForget, forgetCrawl } from '../src/forget/forget.ts';
import { openQueues } from '../src/queue/queue.ts';
import { EXIT } from './command/failures.ts';
import { openStoreSession } from './command/store-session.ts';
import type { ForgetOptions } from './options.ts';
import { counted } from './terminal/figures.ts';

/**
 * Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_CRAWL_OPEN, E_CRAWL_SCHEDULED, E_DISK_FULL, E_FILE;
 * the crawls before the one that fails are forgotten.
 */
export async function run(args: string[], options: ForgetOptions): Promise<number> {
  const session = await openStoreSession(options.settings);
  const { fleet, settings, stores } = session;
  const removeRecords = ({ store, recordsFolder }: LeftRecords) => stores.at(store).remove(recordsFolder);
  const exportDir = settings.purgeUnexported ? null : purgedDirectory(settings.dataDir);
  try {
    const queues = openQueues(fleet);
    for (const idOrName of args) {
      const crawl = await findCrawlToForget(fleet, idOrName);
      const { store, recordsFolder, ...forgotten } = await forgetCrawl(
        { fleet, queues, exportDir, ...(options.records ? { removeRecords } : {}) },
        crawl,
      );
      const kept = options.records ? null : stores.at(store).whereIs(recordsFolder);
      if (options.json) process.stdout.write(`${JSON.stringify({ ...forgotten, records: kept })}\n`);
      else process.stderr.write(`${sentence(forgotten)}${kept ? `; its records stay in ${kept}` : ''}\n`);
    }
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

function sentence(forgotten: { crawl: string; purged: number; exportedTo: string | null }): string {
  const { crawl, purged, exportedTo } = forgotten;
  const where = exportedTo ? `, exported to ${exportedTo}` : '';
  const letters = purged > 0 ? `, with ${counted(purged, 'dead letter')}${where}` : '';
  return `crawl ${crawl} is forgotten${letters}`;
}
