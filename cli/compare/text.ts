// What drover compare found out, as text for a terminal of 80 columns.
import type { Comparison } from '../../src/compare/compare.ts';
import type { CompareRun } from '../../src/compare/ways.ts';
import { printable } from '../../src/printable.ts';
import { columns } from '../terminal/columns.ts';
import { highestFirst } from '../terminal/figures.ts';
import { plotText } from './plot.ts';

const head = ['', 'mode', 'at once', 'threads', 'n', 'pages/s', 'p50', 'p95', 'p99', 'CPU s', 'MB', 'late'];
const WIDTH = 78;

/** `handlers`: the files as they were given. */
export function comparisonText(
  found: Comparison,
  given: { handlers: readonly string[]; colour: boolean },
): string {
  const rows = found.runs.map((run) => rowOf(run, isRecommended(run, found)));
  const errors = found.runs.flatMap((run) => errorLine(run) ?? []);
  const paragraphs = [
    `${columns(head, rows, 2)}n: rounds, the rest are their medians · p50 p95 p99: ms of a page, fetch and\nhandler · CPU s: for 1,000 pages · MB: peak of memory · late: ms of the event\nloop, p99\n`,
    errors.length > 0 ? `errors\n${errors.join('\n')}\n` : '',
    plotText(found.runs, given.colour),
    `recommendation: ${found.recommendation}, ${wordsOfSettings(found)} (${wordsOfSurety(found)})\n${indented(found.reason)}\n`,
    `${found.notes.map((note) => wrapped(printable(`note: ${note}`), '  ')).join('\n')}${found.notes.length > 0 ? '\n' : ''}`,
    pasteText(found, given.handlers),
  ];
  return `\n${paragraphs.filter((text) => text !== '').join('\n')}`;
}

function isRecommended(run: CompareRun, { recommendation, concurrency, threads }: Comparison): boolean {
  return run.mode === recommendation && run.concurrency === concurrency && run.threads === threads;
}

function rowOf(run: CompareRun, isBest: boolean): string[] {
  const { mode, concurrency, threads, rounds, pages, pagesPerSecond, latencyMs, cpuPer1000 } = run;
  const has = (text: string) => (pages > 0 ? text : '–');
  return [
    isBest ? '→' : '',
    mode,
    String(concurrency),
    threads > 0 ? String(threads) : '–',
    String(rounds),
    digits(pagesPerSecond),
    ...[latencyMs.p50, latencyMs.p95, latencyMs.p99].map((ms) => has(String(Math.round(ms)))),
    has(digits(cpuPer1000)),
    run.peakBytes > 0 ? String(Math.round(run.peakBytes / 1e6)) : '–',
    String(Math.round(run.loopDelayP99Ms)),
  ];
}

function errorLine({ mode, concurrency, threads, errors }: CompareRun): string | null {
  const all = highestFirst(errors).map(([code, times]) => `${times} × ${code}`);
  const way = mode === 'hybrid' ? `${mode} ${concurrency} with ${threads} threads` : `${mode} ${concurrency}`;
  return all.length === 0 ? null : wrapped(`${way}: ${all.join(', ')}`, '  ');
}

/** "sure", "97 % sure", or why that is not known. */
function wordsOfSurety({ surety }: Comparison): string {
  if (surety === null) return 'unsure: fewer than 3 rounds';
  return surety >= 0.995 ? 'sure' : `${Math.floor(100 * surety)} % sure`;
}

function wordsOfSettings({ concurrency, threads }: Comparison): string {
  const atOnce = concurrency === 1 ? 'one request at a time' : `${concurrency} requests at once`;
  return threads > 0 ? `${atOnce}, ${threads === 1 ? 'one thread' : `${threads} threads`}` : atOnce;
}

function pasteText({ settings }: Comparison, handlers: readonly string[]): string {
  const files = handlers.map((file) => `--handler ${printable(file)}`).join(' ');
  const field = settings.handler.blocking ? 'blocking: true,' : '(no blocking: true)';
  return `settings\n  drover crawl URL ${files} ${settings.flags}\n  in the handler: ${field}\n`;
}

function indented(text: string): string {
  return wrapped(text, '  ', '  ');
}

/** Lines of at most WIDTH columns; the first begins with `first`, the others with `indent`. */
function wrapped(text: string, indent: string, first = ''): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line.trim() === '' ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Three digits: "0.42", "4.2", "42", "420". */
function digits(value: number): string {
  if (value >= 99.5) return String(Math.round(value));
  return value >= 9.95 ? String(Math.round(value)) : value.toFixed(value >= 0.995 ? 1 : 2);
}
