// drover schedule list: prints the schedules, when they are due next, and how their last run ended.
import { printable } from '../../src/printable.ts';
import { listSchedules, type ScheduleView } from '../../src/schedules/schedules.ts';
import { EXIT } from '../command/failures.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';
import { columns } from '../terminal/columns.ts';

/** Resolves with the exit code. */
export async function run(_args: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    const schedules = await listSchedules(session.fleet);
    const hint = `no schedules; add one with: ${OWN_COMMAND} schedule add "0 3 * * *" NAME URL\n`;
    const text = schedules.length === 0 ? hint : scheduleTable(schedules);
    process.stdout.write(options.json ? schedules.map((each) => `${JSON.stringify(each)}\n`).join('') : text);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

/** The table of schedules, also for drover status. */
export function scheduleTable(schedules: readonly ScheduleView[]): string {
  const rows = schedules.map(({ name, cron, zone, next, former, last, started, skipped }) => [
    ...[name, cron, zone, next ?? 'never', former ?? ''],
    last ? `${last.outcome} ${last.why ?? last.crawl}` : '',
    ...[started, skipped].map(String),
  ]);
  const head = ['schedule', 'when', 'zone', 'next', 'again as', 'last', 'started', 'skipped'];
  return columns(
    head,
    rows.map((row) => row.map(printable)),
    6,
  );
}
