// The phases of a request as a waterfall for a terminal: each with its time, a bar at its place on the time
// axis, and how much of its limit it used.
import type { TimedRequest, UrlTiming } from '../../src/explain/time-url.ts';
import type { Waterfall, WaterfallHop, WaterfallPhase } from '../../src/explain/waterfall.ts';
import { printable, widthOf } from '../../src/printable.ts';
import { size } from './figures.ts';
import { inOwnWords } from './own-hints.ts';
import { paint, type Style } from './styles.ts';
import { wrap } from './wrap.ts';

interface Terminal {
  columns: number;
  colour: boolean;
}

const labels: Record<WaterfallPhase['phase'], string> = {
  ...{ dns: 'lookup', connect: 'connect', tls: 'TLS', send: 'send' },
  ...{ firstByte: 'first byte', download: 'reading', total: 'total' },
};
const widths = {
  label: 'first byte'.length,
  time: 8,
  used: 7,
  limit: 7,
  option: '--timeout-response'.length,
};
/** Of all columns but the bar and the option, with the gaps between them. */
const FIXED = 2 + widths.label + 1 + widths.time + 2 + 1 + widths.used + 1 + widths.limit;
const ROBOTS_FIRST =
  'This is the robots.txt of the host, which is asked for first: without it, the page is not fetched.';
const LEAST_BAR = 10;
const MOST_BAR = 60;

export function timingText(
  { url, refused, requests }: UrlTiming,
  repeat: number,
  terminal: Terminal,
): string {
  const lines: string[] = [];
  for (const [at, request] of requests.entries()) {
    if (at > 0) lines.push('');
    if (repeat > 1)
      lines.push(paint({ text: `request ${at + 1} of ${repeat}`, style: 'bold' }, terminal.colour));
    lines.push(...requestLines(request, terminal));
  }
  if (refused && requests.at(-1)?.of !== 'robots.txt')
    lines.push(
      ...(requests.length === 0 ? [printable(url), 'not sent:'] : []),
      ...errorLines(refused, terminal),
    );
  return `${lines.join('\n')}\n`;
}

function requestLines(request: TimedRequest, terminal: Terminal): string[] {
  const lines = request.hops.flatMap((hop, at) => [
    ...(at > 0 ? [''] : []),
    printable(hop.url),
    ...wrap(
      printable(`  ${aboutHop(hop, at === request.hops.length - 1 ? request.bytes : null)}`),
      terminal.columns,
      '',
    ),
    headLine(request, terminal),
    ...hop.phases.map((phase) => phaseLine(phase, request, at, terminal)),
  ]);
  if (request.hops.length > 0) lines.push(phaseLine(request.total, request, -1, terminal));
  if (request.error) lines.push(...errorLines(request.error, terminal));
  if (request.of === 'robots.txt') lines.push(...wrap(ROBOTS_FIRST, terminal.columns, '  '));
  return [...lines, ...nearestLines(request, terminal)];
}

function aboutHop(
  { status, location, address, proxy, connection }: WaterfallHop,
  bytes: number | null,
): string {
  const peer = `${address === null ? '' : ` to ${address}`}${proxy === null ? '' : ` through ${proxy}`}`;
  return [
    status === null ? 'no answer' : `${status}${location === null ? '' : ` → ${location}`}`,
    ...(bytes === null ? [] : [size(bytes)]),
    ...(connection === null ? [] : [`${connection} connection${peer}`]),
  ].join(', ');
}

function barWidth({ columns }: Terminal): { bar: number; hasOption: boolean } {
  const withOption = columns - 1 - FIXED - 2 - widths.option;
  const hasOption = withOption >= LEAST_BAR;
  const room = hasOption ? withOption : columns - 1 - FIXED;
  return { bar: Math.min(MOST_BAR, Math.max(LEAST_BAR, room)), hasOption };
}

function headLine({ total }: Waterfall, terminal: Terminal): string {
  const { bar } = barWidth(terminal);
  const end = timeText(total.ms ?? 0);
  const axis = `0${end.padStart(bar - 1)}`;
  const text = `  ${'phase'.padEnd(widths.label)} ${'time'.padStart(widths.time)}  ${axis} ${'used'.padStart(widths.used)} ${'of'.padStart(widths.limit)}`;
  return paint({ text, style: 'dim' }, terminal.colour);
}

function phaseLine(phase: WaterfallPhase, whole: Waterfall, hop: number, terminal: Terminal): string {
  const { bar, hasOption } = barWidth(terminal);
  const { ms, percent, limitMs, option, failed } = phase;
  const isNearest = whole.nearest?.phase === phase.phase && (hop < 0 || whole.nearest.hop === hop);
  const style: Style = failed ? 'red' : isNearest ? 'yellow' : phase.phase === 'total' ? 'dim' : 'green';
  const drawn = barOf(phase, whole.total.ms ?? 0, bar);
  const cells = [
    `${failed ? paint({ text: '✗', style }, terminal.colour) : ' '} ${labels[phase.phase].padEnd(widths.label)}`,
    (ms === null ? '–' : timeText(ms)).padStart(widths.time),
    ` ${paint({ text: drawn, style }, terminal.colour && drawn !== '')}${' '.repeat(bar - widthOf(drawn))}`,
    (percent === null ? '' : percentText(percent)).padStart(widths.used),
    (limitMs === null ? 'none' : timeText(limitMs)).padStart(widths.limit),
    ...(hasOption && option !== null ? [` ${option}`] : []),
  ];
  return cells.join(' ').trimEnd();
}

/** At least one cell for what took place; its last cell is within the axis. */
function barOf({ atMs, ms }: WaterfallPhase, totalMs: number, width: number): string {
  if (atMs === null || ms === null) return '';
  const scale = totalMs > 0 ? width / totalMs : 0;
  const from = Math.min(width - 1, Math.floor(atMs * scale));
  const to = Math.min(width, Math.max(from + 1, Math.round((atMs + ms) * scale)));
  return ' '.repeat(from) + '█'.repeat(to - from);
}

function errorLines(
  { code, message, advice }: NonNullable<Waterfall['error']>,
  { columns, colour }: Terminal,
): string[] {
  const [first = '', ...rest] = wrap(printable(inOwnWords(`${code}: ${message}`)), columns, '  ');
  const mark = paint({ text: '✗', style: 'red' }, colour);
  return [`${mark} ${first.slice(2)}`, ...rest, ...wrap(printable(inOwnWords(advice)), columns, '  ')];
}

function nearestLines({ nearest, hops }: Waterfall, { columns }: Terminal): string[] {
  if (nearest === null || nearest.percent === null) return [];
  const { phase, percent, option, limitMs, longestPauseMs, hop } = nearest;
  const where = hops.length > 1 && phase !== 'total' ? ` of hop ${hop + 1}` : '';
  const what =
    phase === 'download' && longestPauseMs !== null
      ? `the longest pause in reading${where}, ${timeText(longestPauseMs)},`
      : `${labels[phase]}${where}`;
  const limit = `${option} ${timeText(limitMs ?? 0)}`;
  const text =
    percent >= 100
      ? `the limit that fired: ${limit} (${labels[phase]}${where})`
      : `first to fire would be ${limit}: ${what} used ${percentText(percent)} of it`;
  return wrap(text, columns, '');
}

/** "4.2 ms", "120 ms", "1.25 s", "60 s". */
function timeText(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return `${Number((ms / 1000).toFixed(ms < 99_950 ? 2 : 0))} s`;
}

function percentText(percent: number): string {
  if (percent < 0.1) return '<0.1 %';
  return `${percent < 9.95 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}
