// Shows a crawl while it runs: lines that are redrawn in place on a terminal, one plain line every 5 s
// elsewhere.
import { isDumbTerminal } from '../../src/config/read.ts';
import { createRate, endedOf, type ProgressSample, type Rate } from '../../src/crawl/progress.ts';
import { printable } from '../../src/printable.ts';
import { liveLines, plainLine } from './progress-lines.ts';
import type { Fitted } from './styles.ts';
import { printSummary, type Summary } from './summary.ts';

export interface Screen {
  /** May be called at any rate. Draws at most five times a second, by the times of the samples. */
  update(sample: ProgressSample): void;
  /** Prints a line above the progress, made printable. */
  note(line: string): void;
  /** The same for warnings, such as a bad line; they are printed with --quiet too. */
  warn(line: string): void;
  /** Removes the progress and prints the summary. */
  end(summary: Summary): void;
}

export interface ScreenOptions {
  /** Print warnings only. */
  quiet: boolean;
  /** Print progress as JSON lines and no summary, which the caller prints itself. */
  json?: boolean;
}

const REDRAW_MS = 200;
const PLAIN_MS = 5000;

/** `stream` should be stderr, so that stdout holds results only. */
export function createScreen(stream: NodeJS.WriteStream, options: ScreenOptions): Screen {
  // The crawl goes on when the reader of the progress is gone (EPIPE).
  stream.on('error', () => {});
  const isLive = stream.isTTY === true && !options.json && !options.quiet && !isDumbTerminal();
  const colour = stream.isTTY === true && (stream.hasColors?.() ?? false);
  const width = () => stream.columns || 80;
  const rate = createRate();
  const block = createBlock(stream);
  let shown: ProgressSample | null = null;

  function draw(sample: ProgressSample, above = ''): void {
    // One column is left free, because some terminals go to the next line as soon as the last column is
    // filled.
    const lines = liveLines(sample, rate, { columns: width() - 1, colour }).filter((line) => line.width > 0);
    block.draw(lines.slice(0, Math.max(1, (stream.rows || 24) - 1)), above);
  }

  function say(line: string, kind: 'note' | 'warning'): void {
    const text = printable(line);
    if (isLive && shown) draw(shown, `${text}\n`);
    else stream.write(`${options.json ? JSON.stringify({ [kind]: text }) : text}\n`);
  }

  return {
    update(sample) {
      rate.add(sample);
      if (options.quiet || (shown && sample.atMs - shown.atMs < (isLive ? REDRAW_MS : PLAIN_MS))) return;
      shown = sample;
      if (isLive) draw(sample);
      else stream.write(`${(options.json ? jsonLine : plainLine)(sample, rate)}\n`);
    },
    note: (line) => options.quiet || say(line, 'note'),
    warn: (line) => say(line, 'warning'),
    end(summary) {
      block.draw([]);
      shown = null;
      if (!options.quiet && !options.json) stream.write(printSummary(summary, { columns: width(), colour }));
    },
  };
}

function jsonLine({ counts, inFlight, held = [] }: ProgressSample, rate: Rate): string {
  const { statuses, errors, refusals, ...totals } = counts;
  const pagesPerSecond = rate.pagesPerSecond();
  return JSON.stringify({ progress: { ...totals, ended: endedOf(counts), inFlight, pagesPerSecond, held } });
}

/**
 * Lines at the bottom of a terminal that each drawing replaces. The cursor always rests at the start of the
 * line below them, so that the terminal is in order whenever the process ends, and nothing must be restored.
 */
function createBlock(stream: NodeJS.WriteStream): { draw(lines: readonly Fitted[], above?: string): void } {
  let drawn: readonly Fitted[] = [];

  /** Rows that the lines take now. A terminal that was made narrower has broken them. */
  function rows(): number {
    const columns = stream.columns || 80;
    return drawn.reduce((sum, { width }) => sum + Math.max(1, Math.ceil(width / columns)), 0);
  }

  return {
    draw(lines, above = '') {
      if (drawn.length === 0 && lines.length === 0 && above === '') return;
      const up = drawn.length > 0 ? `\x1b[${rows()}A\r` : '';
      const body = lines.map(({ text }) => `${text}\x1b[K\n`).join('');
      // `above` may be longer than a row, so everything below is erased first.
      stream.write(above === '' ? `${up}${body}\x1b[J` : `${up}\x1b[J${above}${body}`);
      drawn = lines;
    },
  };
}
