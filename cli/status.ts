// drover status: prints the state of all crawls, or of one.
import { findCrawl, listCrawls, readCounts } from '../src/crawl/crawl.ts';
import type { CrawlCounts } from '../src/crawl/progress.ts';
import { printable } from '../src/log.ts';
import { listSchedules } from '../src/schedules/schedules.ts';
import { EXIT } from './command/failures.ts';
import { OWN_COMMAND } from './command/own-command.ts';
import { openSession } from './command/session.ts';
import type { LookOptions } from './options.ts';
import { scheduleTable } from './schedule/list.ts';
import { columns } from './terminal/columns.ts';

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN. */
export async function run(args: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    const { fleet } = session;
    const ids = args[0] ? [await findCrawl(fleet, args[0])] : await listCrawls(fleet);
    const all: CrawlCounts[] = [];
    for (const id of ids) all.push(await readCounts(fleet, id));
    const text = options.json
      ? asJson(all, args[0] !== undefined)
      : args[0]
        ? all.map(details).join('')
        : table(all);
    process.stdout.write(text);
    const schedules = options.json || args[0] ? [] : await listSchedules(fleet);
    if (schedules.length > 0) process.stdout.write(`\n${scheduleTable(schedules)}`);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

function asJson(all: CrawlCounts[], one: boolean): string {
  return one ? `${JSON.stringify(all[0])}\n` : all.map((counts) => `${JSON.stringify(counts)}\n`).join('');
}

function table(all: CrawlCounts[]): string {
  if (all.length === 0) return `no crawls yet; begin one with: ${OWN_COMMAND} crawl URL\n`;
  const rows = all.map((counts) => [
    counts.crawl,
    counts.state,
    ...[counts.accepted, counts.recorded, counts.refused, counts.dead, counts.waiting].map(String),
  ]);
  const head = ['crawl', 'state', 'accepted', 'recorded', 'refused', 'dead', 'waiting'];
  return columns(head, rows, 2);
}

function details(counts: CrawlCounts): string {
  const { crawl, state, accepted, recorded, refused, dead, waiting } = counts;
  const group = (title: string, values: Record<string, number>) =>
    Object.entries(values)
      .map(([name, count]) => `  ${title} ${printable(name)}: ${count}\n`)
      .join('');
  return (
    `crawl ${crawl}: ${state}\n` +
    `  ${accepted} accepted = ${recorded} recorded + ${refused} refused + ${dead} dead + ${waiting} waiting\n` +
    `  ${counts.bytes} bytes, ${counts.retries} retries, ${counts.postponed} postponed\n` +
    (counts.unchanged > 0
      ? `  ${counts.unchanged} of those recorded are unchanged since the former run${counts.notDue > 0 ? ` (${counts.notDue} were not due)` : ''}\n`
      : '') +
    group('status', counts.statuses) +
    group('error', counts.errors) +
    group('refused', counts.refusals) +
    group('links left out', counts.leftOut) +
    group('items of', counts.items)
  );
}
