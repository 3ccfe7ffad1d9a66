// Changes as text: a table of counts, then the changes of each kind. On a terminal the first ones, each line
// cut to its width; elsewhere all.
import { type Change, changeKinds, everyChangeKind, type TextChange } from '../../src/changes/kinds.ts';
import type { RunChanges } from '../../src/changes/of-runs.ts';
import { columns } from '../terminal/columns.ts';
import { clock, count, counted, size } from '../terminal/figures.ts';
import { fit, type Piece, piece, type Style } from '../terminal/styles.ts';
import { besideChange } from './beside-change.ts';

/** Changes of a kind, and lines of a difference, that are shown on a terminal. */
const MOST_SHOWN = 10;
const MOST_LINES = 12;
/** Elsewhere a line has any length. */
const ANY_WIDTH = 10_000;

export interface TextPlace {
  /** Null for a file or a pipe. */
  terminal: { columns: number } | null;
  colour: boolean;
}

type Line = readonly Piece[];

export function* changesText(changes: RunChanges, { terminal, colour }: TextPlace): Generator<string> {
  const width = terminal?.columns ?? ANY_WIDTH;
  const print = (line: Line) => `${fit(line, width, colour, '').text}\n`;
  const { from, to, notes, counts, kinds } = changes;
  yield print([
    piece(to.crawl, 'bold'),
    piece(` (${clock(to.createdAt)}) compared with ${from.crawl} (${clock(from.createdAt)})`),
  ]);
  for (const note of notes) yield `  ${piece(note).text}\n`;
  yield '\n';
  const rows = everyChangeKind.map((kind) => [changeKinds[kind].title, count(counts[kind]), kind]);
  yield columns(['pages', 'number', '--kind'], [...rows, ['The same', count(counts.same), '']], 1);
  for (const kind of kinds) {
    if (counts[kind] === 0) continue;
    yield `\n${changeKinds[kind].title}\n`;
    let shown = 0;
    for (const change of changes.list(kind)) {
      if (terminal && shown++ === MOST_SHOWN) break;
      for (const line of linesOf(change, terminal ? { lines: MOST_LINES, width } : null)) yield print(line);
    }
    if (terminal && counts[kind] > MOST_SHOWN)
      yield `  … and ${count(counts[kind] - MOST_SHOWN)} more: -o changes.txt writes all\n`;
  }
}

interface Room {
  lines: number;
  width: number;
}

function* linesOf(change: Change, room: Room | null): Generator<Line> {
  const { url, method, from, to, fields, lastIn, diff, lines, itemsDiff, text } = change;
  const what = method === 'GET' ? [] : [piece(`${method} `, 'dim')];
  yield [piece('  '), ...what, piece(url), ...ending(change)];
  if (from && to && fields) {
    const was = (name: string, a: unknown, b: unknown): Line => [
      piece(`      ${name}  `, 'dim'),
      piece(`${a ?? 'none'} → ${b ?? 'none'}`),
    ];
    if (fields.includes('status'))
      yield was('status', ended(from.status, from.code), ended(to.status, to.code));
    if (fields.includes('finalUrl')) yield was('leads to', from.finalUrl, to.finalUrl);
    if (fields.includes('title')) yield was('title', from.title, to.title);
    if (fields.includes('content') && diff === undefined)
      yield [piece('      content  ', 'dim'), piece(`${sizes(change)}${saysOf[text ?? 'not-compared']}`)];
  }
  if (diff) yield* diffLines(diff, lines?.leftOut ?? 0, room);
  if (itemsDiff) {
    yield [piece('      items', 'dim')];
    yield* diffLines(itemsDiff, 0, room);
  } else if (fields?.includes('items')) yield [piece('      items  ', 'dim'), piece('others')];
  if (lastIn) yield [piece(`      last there in ${lastIn}; then `, 'dim'), piece(absence(change), 'dim')];
}

/** What stands behind the URL. */
function ending({ fields, from, to, lastIn }: Change): Line {
  if (fields)
    return [
      piece(`  ${fields.map((field) => (field === 'finalUrl' ? 'final URL' : field)).join(', ')}`, 'yellow'),
    ];
  if (lastIn || !from) return to ? [piece(`  ${ended(to.status, to.code)}`, 'dim')] : [];
  const now = to ? ended(to.status, to.code) : 'not found any more';
  return [piece(`  ${ended(from.status, from.code)} → ${now}`, 'yellow')];
}

/** A status of a failure says it all; where there is none, or a success, the code does. */
function ended(status: number | null, code: string | null): string {
  if (status === null) return code ?? '';
  return status < 400 && code !== null ? `${status} ${code}` : String(status);
}

const absence = ({ from }: Change) => (from ? ended(from.status, from.code) : 'not found');

const saysOf: Record<TextChange, string> = {
  changed: '',
  same: '; the text is the same',
  'not-kept': '; a run has not kept the bodies',
  'not-text': '',
  'too-large': '; too large to compare its lines',
  'too-different': '; too different to compare its lines',
  'not-compared': '',
};

function sizes({ from, to }: Change): string {
  const [a, b] = [from?.bytes ?? 0, to?.bytes ?? 0];
  return a === b ? `${size(a)} as before` : `${size(a)} → ${size(b)}`;
}

function* diffLines(diff: string, leftOut: number, room: Room | null): Generator<Line> {
  const lines = diff.split('\n');
  const shown = room ? besideChange(lines.slice(0, room.lines), room.width - 8) : lines;
  for (const line of shown) yield [piece('      '), piece(line, styleOf(line))];
  const more = lines.length - shown.length + leftOut;
  if (more > 0) yield [piece(`      … and ${counted(more, 'more line')}`, 'dim')];
}

function styleOf(line: string): Style {
  if (line.startsWith('+')) return 'green';
  if (line.startsWith('-')) return 'red';
  return line.startsWith('@@') ? 'dim' : 'plain';
}
