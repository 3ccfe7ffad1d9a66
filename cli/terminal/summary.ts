// The summary of a crawl at its end: how it ended, what went wrong and what to do about it, where the results
// are.
import { type CrawlCounts, endedOf } from '../../src/crawl/progress.ts';
import { entryOf } from '../../src/errors.ts';
import { phraseOf } from '../../src/politeness/held-back.ts';
import { printable, shorten, widthOf } from '../../src/printable.ts';
import { EXIT } from '../command/failures.ts';
import type { HeldLong } from '../command/held-hosts.ts';
import { clock, count, counted, durationText, highestFirst, size, speed } from './figures.ts';
import { inOwnWords } from './own-hints.ts';
import { fit, paint, piece, type Style } from './styles.ts';

export interface Summary {
  counts: CrawlCounts;
  /** Duration of this run of the command. */
  elapsedMs: number;
  slowestHosts: { host: string; answers: number; meanMs: number }[];
  /** Hosts that were paused or slowed, each with its last reason and for how long it was so in all. */
  heldHosts?: readonly HeldLong[];
  /** The file of -o, and how many records are in it; null if none was written. */
  output: { path: string; lines: number } | null;
  interrupted: boolean;
  /** The command by which the user runs drover: `drover`, or `npm run drover --`. */
  command: string;
  /** Number of seed lines that were not accepted. */
  badLines: number;
  /** The file that keeps them with their reasons. */
  badLinesIn?: string | null;
  /** Pages that earlier runs of the same crawl recorded. They do not count for this run's speed. */
  recordedBefore?: number;
}

export function exitCodeOfCrawl({ interrupted, badLines, counts }: Summary): number {
  if (interrupted) return EXIT.interrupted;
  if (badLines > 0) return EXIT.usage;
  return counts.dead > 0 || counts.state === 'cancelled' ? EXIT.dead : EXIT.recorded;
}

interface Paper {
  columns: number;
  colour: boolean;
}

/** The summary as text of several lines. Terminal control characters from servers are made visible. */
export function printSummary(summary: Summary, paper: Paper = { columns: 100, colour: false }): string {
  const { counts } = summary;
  const sections = [
    [outcome(summary, paper), figures(summary, paper)],
    table('Statuses', statusRows(counts), paper),
    table('Items', itemRows(counts), paper),
    table('Errors', codeRows(counts.errors), paper),
    table('Refused', codeRows(counts.refusals), paper),
    table('Links left out', codeRows(counts.leftOut), paper),
    table('Slowest hosts', hostRows(summary), paper),
    table('Held back', heldRows(summary), paper),
    table('Next', nextRows(summary), paper),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `\n${text.join('\n\n')}\n`;
}

function outcome(summary: Summary, { columns, colour }: Paper): string {
  const { counts } = summary;
  const { refused, dead, waiting, accepted } = counts;
  const ends = [recordedText(counts)];
  if (refused > 0) ends.push(`${count(refused)} refused`);
  if (dead > 0) ends.push(counted(dead, 'dead letter'));
  if (waiting > 0)
    ends.push(`${count(waiting)} ${counts.state === 'cancelled' ? 'never fetched' : 'still waiting'}`);
  const list = accepted === 0 ? 'nothing was accepted' : ends.join(', ');
  const start = `Crawl ${printable(counts.crawl)} ${verbOf(summary)} after ${durationText(summary.elapsedMs)}`;
  const style: Style = dead > 0 || waiting > 0 || accepted === 0 ? 'yellow' : 'green';
  return wrap(`${start}: ${list}.`, columns - 1)
    .map((line) => paint(piece(line, style), colour))
    .join('\n');
}

/** Says how many of the recorded answers are pages if not all are, and how many are as they were. */
function recordedText(counts: CrawlCounts): string {
  const { unchanged, notDue } = counts;
  if (unchanged === 0) return answersText(counts);
  const early = notDue > 0 ? ` (${count(notDue)} were not due)` : '';
  return `${answersText(counts)}, ${count(unchanged)} of them unchanged${early}`;
}

/** Pages are what has a status 2xx, and a 304 in its place. */
function answersText({ statuses, recorded, unchanged }: CrawlCounts): string {
  const ok = Object.entries(statuses).filter(([status]) => /^2\d\d$/.test(status));
  const confirmed = Math.min(statuses[304] ?? 0, unchanged);
  const pages = ok.reduce((sum, [, value]) => sum + value, confirmed);
  if (pages >= recorded) return `${counted(recorded, 'page')} recorded`;
  return `${count(recorded)} recorded (${counted(pages, 'page')}, ${counted(recorded - pages, 'other answer')})`;
}

function verbOf({ counts, interrupted }: Summary): string {
  if (interrupted) return 'was interrupted';
  switch (counts.state) {
    case 'finished':
      return 'finished';
    case 'cancelled':
      return 'was cancelled';
    case 'paused':
      return 'is paused';
    case 'running':
      return 'is still running';
    default:
      return counts.state satisfies never;
  }
}

function figures({ counts, elapsedMs, recordedBefore = 0 }: Summary, { columns, colour }: Paper): string {
  const pages = Math.max(0, counts.recorded - recordedBefore);
  const parts = [speed(elapsedMs > 0 ? (pages * 1000) / elapsedMs : null), size(counts.bytes)];
  if (recordedBefore > 0) parts.push(`${counted(pages, 'page')} in this run`);
  if (counts.retries > 0) parts.push(counted(counts.retries, 'retry', 'retries'));
  if (counts.charged !== null) parts.push(`${counts.charged} charged`);
  if (counts.postponed > 0) parts.push(`${count(counts.postponed)} postponed`);
  return `  ${
    fit(
      parts.map((part) => piece(part)),
      columns - 3,
      colour,
    ).text
  }`;
}

/** A row of a table. Each column has the width of its widest cell; the last one (`text`) is wrapped. */
interface Row {
  cells: string[];
  styles?: Style[];
  text: string;
  /** True for a command or a path, which is never broken, so that it can be copied. */
  isWhole?: boolean;
}

function table(title: string, rows: Row[], { columns, colour }: Paper): string[] {
  if (rows.length === 0) return [];
  const safe = rows.map((row) => ({ ...row, cells: row.cells.map((cell) => shorten(printable(cell), 48)) }));
  const widths = (safe[0]?.cells ?? []).map((_, at) =>
    Math.max(...safe.map(({ cells }) => widthOf(cells[at] ?? ''))),
  );
  const indent = 2 + widths.reduce((sum, width) => sum + width + 2, 0);
  const lines = safe.flatMap(({ cells, styles, text, isWhole }) => {
    const head = cells.map((cell, at) =>
      paint({ text: pad(cell, widths[at] ?? 0), style: styles?.[at] ?? 'plain' }, colour),
    );
    const [first = '', ...more] = isWhole ? [printable(text)] : wrap(printable(text), columns - indent - 1);
    const start = `  ${[...head, first].join('  ')}`.trimEnd();
    return [start, ...more.map((line) => ' '.repeat(indent) + line)];
  });
  return [paint(piece(title, 'bold'), colour), ...lines];
}

/** Numbers are aligned to the right of their column, words to the left. */
function pad(cell: string, width: number): string {
  const gap = ' '.repeat(width - widthOf(cell));
  return /^[\d,]+( \D+)?$/.test(cell) ? gap + cell : cell + gap;
}

/** Lines of at most `columns`; a longer word gets a line of its own. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(`${last} ${word}`) <= Math.max(columns, 30))
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function statusRows(counts: CrawlCounts): Row[] {
  const all = Object.entries(counts.statuses).filter(([, pages]) => pages > 0);
  return all.map(([status, pages]) => ({ cells: [status, count(pages)], text: '' }));
}

function itemRows({ items }: CrawlCounts): Row[] {
  return highestFirst(items).map(([handler, value]) => ({ cells: [handler, count(value)], text: '' }));
}

/** Sorted by layer, then by frequency, with what the catalogue says about each code. */
function codeRows(counts: Record<string, number>): Row[] {
  const rows = highestFirst(counts).map(([code, value]) => {
    const known = entryOf(code);
    return {
      layer: known?.layer ?? '',
      code,
      value,
      text: known ? `${known.means} ${inOwnWords(known.advice)}` : '',
    };
  });
  const layers = [...new Set(rows.map(({ layer }) => layer))];
  return layers.flatMap((layer) =>
    rows
      .filter((row) => row.layer === layer)
      .map(({ code, value, text }) => ({
        cells: [layer, code, count(value)],
        styles: ['dim', 'yellow'],
        text,
      })),
  );
}

function hostRows({ slowestHosts }: Summary): Row[] {
  return slowestHosts.map(({ host, answers, meanMs }) => ({
    cells: [host, counted(answers, 'answer'), `${count(meanMs)} ms`],
    text: 'on average',
  }));
}

/** Without since when, until when and what would change it: that is over. */
function heldRows({ heldHosts = [] }: Summary): Row[] {
  return heldHosts.map(({ key, hold, heldMs, isStanding }) => {
    const inAll = `for ${durationText(heldMs)} in all`;
    const was = `${hold.kind} ${inAll}: ${hold.why === 'refuses' ? 'it refused (429)' : hold.reason}`;
    const still = `still ${phraseOf(hold, clock)} (${inAll}); what ends it: ${inOwnWords(hold.change)}`;
    return { cells: [key], text: isStanding ? still : was };
  });
}

function nextRows({ counts, command, output, badLines, badLinesIn, interrupted }: Summary): Row[] {
  const crawl = quoted(counts.crawl);
  const rows: Row[] = [];
  const say = (name: string, text: string) => rows.push({ cells: [name], text });
  const copy = (name: string, text: string) => rows.push({ cells: [name], text, isWhole: true });
  if (interrupted) say('go on', 'nothing is lost: run the same command again to continue');
  else if (counts.state === 'paused') copy('go on', `${command} resume ${crawl}`);
  if (output !== null) copy('results', `${output.path} (${contentsOf(output, counts)})`);
  else if (endedOf(counts) > 0) copy('results', `${command} results ${crawl}`);
  if (Object.keys(counts.items).length > 0) copy('items', `${command} items ${crawl}`);
  if (counts.dead > 0) {
    copy('dead letters', `${command} dead list ${crawl}`);
    copy('try them again', `${command} dead replay ${crawl}`);
  }
  if (badLines > 0) {
    say('bad lines', `${counted(badLines, 'line')} of the seeds could not be used; each with its reason:`);
    copy('', badLinesIn ?? 'see above');
  }
  return rows;
}

/** How many records the file has, and how they add up if they are those of all requests that have ended. */
function contentsOf({ lines }: { lines: number }, { recorded, refused, dead }: CrawlCounts): string {
  const total = counted(lines, 'record');
  const parts = Object.entries({ recorded, refused, dead }).filter(([, value]) => value > 0);
  if (parts.length < 2 || recorded + refused + dead !== lines) return total;
  return `${total}: ${parts.map(([name, value]) => `${count(value)} ${name}`).join(' + ')}`;
}

/** Quotes a name for a shell. */
function quoted(name: string): string {
  return /^[\w.:@%+-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
