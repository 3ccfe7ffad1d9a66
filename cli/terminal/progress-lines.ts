// The progress of a crawl, as lines that a terminal redraws and as one plain line.
import { endedOf, type ProgressSample, type Rate } from '../../src/crawl/progress.ts';
import { phraseOf } from '../../src/politeness/held-back.ts';
import { printable } from '../../src/printable.ts';
import { clock, count, counted, durationText, highestFirst, size, speed } from './figures.ts';
import { inOwnWords } from './own-hints.ts';
import { type Fitted, fit, type Piece, paint, piece } from './styles.ts';

interface Terminal {
  columns: number;
  colour: boolean;
}

/**
 * Four lines: progress, speed, troubles, hosts that are held back. The last two are empty while there are
 * none.
 */
export function liveLines(sample: ProgressSample, rate: Rate, terminal: Terminal): Fitted[] {
  const { counts, inFlight } = sample;
  const { columns, colour } = terminal;
  const pace = [
    piece(speed(rate.pagesPerSecond()), 'bold'),
    piece(`${count(inFlight)} in flight`),
    piece(`${count(counts.waiting)} waiting`),
    piece(size(counts.bytes)),
  ];
  return [
    headLine(sample, rate, terminal),
    indented(pace, columns, colour),
    indented(troubles(sample), columns, colour),
    indented(heldBack(sample), columns, colour),
  ];
}

const indent = '  ';

function indented(pieces: Piece[], columns: number, colour: boolean): Fitted {
  const line = fit(pieces, columns - indent.length, colour);
  return line.width === 0 ? line : { text: indent + line.text, width: indent.length + line.width };
}

/** The crawl's name, a bar if the total is known, and how many requests have ended. */
function headLine(sample: ProgressSample, rate: Rate, { columns, colour }: Terminal): Fitted {
  const { counts } = sample;
  const ended = endedOf(counts);
  const left = rate.remainingMs();
  const name = piece(counts.crawl, 'bold');
  const state = counts.state === 'running' ? [] : [piece(counts.state, 'yellow')];
  if (left === null) return fit([name, ...state, piece(`${count(ended)} done`)], columns, colour);
  const share = counts.accepted === 0 ? 0 : Math.min(1, ended / counts.accepted);
  const figures = [
    piece(`${count(ended)} of ${count(counts.accepted)}`),
    piece(`${Math.floor(share * 100)} %`),
    ...(left > 0 ? [piece(timeLeft(left))] : []),
  ];
  const start = fit([name, ...state], Math.min(columns, 40), colour);
  const end = fit(figures, columns, colour);
  const room = Math.min(40, columns - start.width - end.width - 4);
  if (room < 8) return fit([name, ...state, ...figures], columns, colour);
  const text = `${start.text}  ${bar(share, room, colour)}  ${end.text}`;
  return { text, width: start.width + room + end.width + 4 };
}

/** In whole seconds, because it is an estimate. */
function timeLeft(milliseconds: number): string {
  return `${durationText(Math.ceil(milliseconds / 1000) * 1000)} left`;
}

function bar(share: number, columns: number, colour: boolean): string {
  const filled = Math.round(share * columns);
  return (
    paint({ text: '━'.repeat(filled), style: 'green' }, colour) +
    paint({ text: '─'.repeat(columns - filled), style: 'dim' }, colour)
  );
}

/** The troubles, the gravest first. */
function troubles({ counts }: ProgressSample): Piece[] {
  const { dead, retries, postponed, refused } = counts;
  const errors = highestFirst(counts.errors);
  const pieces: Piece[] = [];
  if (dead > 0) pieces.push(piece(`${count(dead)} dead`, 'red'));
  if (errors.length > 0) {
    const total = errors.reduce((sum, [, value]) => sum + value, 0);
    const most = errors.slice(0, 2).map(([code, value]) => `${code} ${count(value)}`);
    pieces.push(
      piece(`${counted(total, 'error')} (${most.join(', ')}${errors.length > 2 ? ', …' : ''})`, 'yellow'),
    );
  }
  if (retries > 0) pieces.push(piece(counted(retries, 'retry', 'retries')));
  if (postponed > 0) pieces.push(piece(`${count(postponed)} postponed`));
  if (refused > 0) pieces.push(piece(`${count(refused)} refused`));
  return pieces;
}

/**
 * The first host that is held back, with the reason and what would change it; and the number of the others.
 */
function heldBack({ held = [] }: ProgressSample): Piece[] {
  const [first, ...others] = held;
  if (!first) return [];
  const more = others.length > 0 ? [piece(`${counted(others.length, 'more host')} held back`)] : [];
  const phrase = printable(`${first.key} ${phraseOf(first.hold, clock)}`);
  return [piece(phrase, 'yellow'), ...more, piece(printable(inOwnWords(first.hold.change)), 'dim')];
}

/** The same figures on one line, for a file or a pipe. */
export function plainLine(sample: ProgressSample, rate: Rate): string {
  const { counts, inFlight } = sample;
  const left = rate.remainingMs();
  const pieces = [
    piece(`${count(endedOf(counts))} done`),
    piece(`${count(counts.waiting)} waiting`),
    piece(`${count(inFlight)} in flight`),
    piece(speed(rate.pagesPerSecond())),
    piece(size(counts.bytes)),
    ...troubles(sample),
    ...heldBack(sample),
    ...(left ? [piece(timeLeft(left))] : []),
  ];
  const state = counts.state === 'running' ? '' : ` (${counts.state})`;
  return `${piece(counts.crawl).text}${state}: ${fit(pieces, Number.POSITIVE_INFINITY, false, ', ').text}`;
}
