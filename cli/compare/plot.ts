// The plot of a comparison for a terminal: pages per second by the number of requests at once, each mode with
// a sign of its own.
import type { CompareRun, Mode } from '../../src/compare/ways.ts';
import { paint, piece, type Style } from '../terminal/styles.ts';

const ROWS = 12;
/** Columns of the plot beside its axis. All fits into 80 columns. */
const COLUMNS = 66;
const LABEL = 8;

export const signs: Record<Mode, { sign: string; style: Style; words: string }> = {
  loop: { sign: 'o', style: 'green', words: 'loop' },
  hybrid: { sign: '+', style: 'yellow', words: 'hybrid' },
  threads: { sign: '#', style: 'red', words: 'threads' },
};

/** Both axes are logarithmic. Empty without a run that has pages. */
export function plotText(runs: readonly CompareRun[], colour: boolean): string {
  const shown = runs.filter(({ pagesPerSecond }) => pagesPerSecond > 0);
  if (shown.length === 0) return '';
  const x = axisOf(
    shown.map(({ concurrency }) => concurrency),
    COLUMNS,
  );
  const y = axisOf(
    shown.map(({ pagesPerSecond }) => pagesPerSecond),
    ROWS,
  );
  const cells = Array.from({ length: ROWS }, () => Array.from({ length: COLUMNS }, () => ' '));
  for (const mode of ['threads', 'hybrid', 'loop'] as const)
    for (const run of shown.filter((one) => one.mode === mode)) {
      const row = cells[ROWS - 1 - y.at(run.pagesPerSecond)] as string[];
      const { sign, style } = signs[mode];
      // A place that is taken has a free one beside it.
      const wanted = x.at(run.concurrency);
      const place = [0, 1, -1, 2, -2].map((by) => wanted + by).find((at) => row[at] === ' ') ?? wanted;
      row[place] = paint(piece(sign, style), colour);
    }
  const lines = cells.map((row, at) => {
    const label = y.ticks.find(({ place }) => place === ROWS - 1 - at)?.text ?? '';
    return `${label.padStart(LABEL)} ${label === '' ? '│' : '┤'}${row.join('')}`.trimEnd();
  });
  const legend = Object.values(signs)
    .map(({ sign, style, words }) => `${paint(piece(sign, style), colour)} ${words}`)
    .join('   ');
  return [
    `${'pages/s'.padStart(LABEL)}   ${legend}`,
    ...lines,
    `${' '.repeat(LABEL)} └${'─'.repeat(COLUMNS)}`,
    `${' '.repeat(LABEL)}  ${tickLine(x.ticks)}`,
    `${' '.repeat(LABEL)}  requests at once`,
    '',
  ].join('\n');
}

interface Axis {
  at(value: number): number;
  ticks: { place: number; text: string }[];
}

const steps = [1, 2, 5];

/** A logarithmic axis with `size` places, whose ticks are 1, 2 and 5 times powers of ten. */
function axisOf(values: readonly number[], size: number): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [from, to] = least === most ? [least / 2, most * 2] : [least, most];
  const at = (value: number) => Math.round((Math.log(value / from) / Math.log(to / from)) * (size - 1));
  const powers = Array.from({ length: 16 }, (_, power) => 10 ** (power - 4));
  const all = powers.flatMap((power) => steps.map((step) => step * power));
  const fits = all.filter((value) => value >= from && value <= to);
  const ticks = fits.map((value) => ({ place: at(value), text: String(Number(value.toPrecision(1))) }));
  return { at, ticks: ticks.filter(({ place }, index) => index === 0 || place !== ticks[index - 1]?.place) };
}

function tickLine(ticks: Axis['ticks']): string {
  let line = '';
  for (const { place, text } of ticks) {
    const from = Math.max(0, Math.min(place - Math.floor((text.length - 1) / 2), COLUMNS - text.length));
    if (line.length === 0 || from > line.length) line = line.padEnd(from) + text;
  }
  return line;
}
