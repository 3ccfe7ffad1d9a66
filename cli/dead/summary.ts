// drover dead summary: counts dead letters by error and host.
import { type DeadGroup, summarizeDead } from '../../src/dead/read.ts';
import { printable, shorten } from '../../src/printable.ts';
import { redacted } from '../../src/redact.ts';
import { EXIT } from '../command/failures.ts';
import { columns } from '../terminal/columns.ts';
import { inOwnWords } from '../terminal/own-hints.ts';
import { deadFilter } from './filter.ts';
import type { SummaryOptions } from './options.ts';
import { withDead } from './session.ts';

const URL_COLUMNS = 60;

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_USAGE, E_SETTING. */
export function run(args: string[], options: SummaryOptions): Promise<number> {
  return withDead(options.settings, async (session, shards) => {
    const filter = await deadFilter(session, shards, args[0], options);
    const groups = redacted(await summarizeDead(shards, filter));
    const asLines = () => groups.map((group) => `${JSON.stringify(group)}\n`).join('');
    process.stdout.write(options.json ? asLines() : table(groups));
    return EXIT.recorded;
  });
}

function table(groups: readonly DeadGroup[]): string {
  if (groups.length === 0) return 'no dead letters\n';
  const rows = groups.map(({ code, host, count, firstAt, lastAt, sample, run }) => [
    code,
    printable(host),
    String(count),
    minute(firstAt),
    minute(lastAt),
    shorten(printable(sample?.url ?? ''), URL_COLUMNS),
    run ? `replay ${run.id} running` : '',
  ]);
  const head = ['code', 'host', 'count', 'first', 'last', '', ''];
  const advice = new Map(groups.map((group) => [group.code, group.advice]));
  const advised = [...advice].map(([code, text]) => `  ${code}: ${inOwnWords(text)}\n`).join('');
  return `${columns(head, rows, 2)}\nWhat to try:\n${advised}`;
}

function minute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}
