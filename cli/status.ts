// drover status: prints the state of all crawls, or of one.
import { findCrawl, listCrawls, readCounts } from '../src/crawl/crawl.ts';
import type { CrawlCounts } from '../src/crawl/progress.ts';
import { isDrained } from '../src/fleet/drained.ts';
import type { Fleet } from '../src/fleet.ts';
import { printable } from '../src/printable.ts';
import { EXIT } from './command/failures.ts';
import { OWN_COMMAND } from './command/own-command.ts';
import { openSession } from './command/session.ts';
import { warnOfUnserved } from './operate/unserved.ts';
import type { LookOptions } from './options.ts';
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
    if (!options.json && !args[0]) process.stdout.write(await schedulesText(fleet));
    if (!options.json && (await isDrained(fleet)))
      process.stdout.write(`\nthe fleet is drained: no jobs are taken until ${OWN_COMMAND} resume\n`);
    await warnOfUnserved(fleet);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

/** Few fleets have schedules, and what reads the times of theirs takes long to load. */
async function schedulesText(fleet: Fleet): Promise<string> {
  if ((await fleet.redis.exists(fleet.keys.schedules)) === 0) return '';
  const { listSchedules } = await import('../src/schedules/schedules.ts');
  const { scheduleTable } = await import('./schedule/list.ts');
  return `\n${scheduleTable(await listSchedules(fleet))}`;
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
