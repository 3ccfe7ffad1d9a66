// The plot of a comparison as SVG: six panels by the number of requests at once, for light and dark grounds.
// The three colours can be told apart with every colour vision (Okabe and Ito), and the marks by their form.
import type { Comparison } from './compare.ts';
import { errorShare } from './decide/decide.ts';
import { logScale, niceTicks, rounded as r, readable } from './plot-scales.ts';
import type { CompareRun, Mode } from './ways.ts';

const WIDTH = 900;
const PANEL = { width: 245, height: 170 } as const;
const GAP = { x: 62, y: 62 } as const;
const LEFT = 60;
const TOP = 118;
const HEIGHT = TOP + 2 * PANEL.height + GAP.y + 66;

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly of: (run: CompareRun) => number;
}

const panels: readonly Panel[] = [
  { title: 'Throughput', unit: 'pages/s', of: ({ pagesPerSecond }) => pagesPerSecond },
  { title: 'Latency: p50, p95 (line), p99', unit: 'ms', of: ({ latencyMs }) => latencyMs.p50 },
  { title: 'Event-loop delay, p99', unit: 'ms', of: ({ loopDelayP99Ms }) => loopDelayP99Ms },
  { title: 'CPU for 1,000 pages', unit: 's', of: ({ cpuPer1000 }) => cpuPer1000 },
  { title: 'Peak memory', unit: 'MB', of: ({ peakBytes }) => peakBytes / 1e6 },
  { title: 'Errors', unit: '% of pages', of: (run) => 100 * errorShare(run) },
];
/** Two series of one mode, such as two sizes of the pool, are drawn one after the other. */
const modes: readonly Mode[] = ['loop', 'hybrid', 'threads'];

export function comparisonSvg(found: Comparison): string {
  const runs = found.runs.filter(({ pages, errors }) => pages > 0 || Object.keys(errors).length > 0);
  const drawn = panels.map((panel, at) => {
    const x = LEFT + (at % 3) * (PANEL.width + GAP.x);
    const y = TOP + Math.floor(at / 3) * (PANEL.height + GAP.y);
    return `<g transform="translate(${x} ${y})">${panelOf(panel, runs, found)}</g>`;
  });
  const title = `drover compare recommends ${found.recommendation}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + 60} ${HEIGHT}" role="img" aria-labelledby="title">
<title id="title">${title}</title>
${STYLE}
<rect class="ground" width="100%" height="100%"/>
<text class="head" x="${LEFT - 40}" y="34">${title}: ${wordsOf(found)}</text>
${legend()}
${drawn.join('\n')}
<text class="note" x="${LEFT - 40}" y="${HEIGHT - 12}">Horizontal axes: requests at once. The ring marks the recommendation. ${found.sample.urls} URLs of ${found.sample.hosts === 1 ? 'one host' : `${found.sample.hosts} hosts`}${found.sample.isReplica ? ', local replica' : ''}.</text>
</svg>
`;
}

function wordsOf({ concurrency, threads }: Comparison): string {
  return `${concurrency} at once${threads > 0 ? `, ${threads} threads` : ''}`;
}

const STYLE = `<style>
svg { font: 12px system-ui, sans-serif; --ground: #ffffff; --text: #1b1f24; --faint: #5b6570; --line: #d5dae0; --loop: #0072b2; --hybrid: #d55e00; --threads: #007a5a; }
@media (prefers-color-scheme: dark) { svg { --ground: #14181d; --text: #e8ebee; --faint: #a3adb8; --line: #353d46; --loop: #56b4e9; --hybrid: #e69f00; --threads: #2fc99a; } }
.ground { fill: var(--ground); } text { fill: var(--text); } .head { font-size: 17px; font-weight: 600; } .name { font-weight: 600; }
.tick, .note { fill: var(--faint); font-size: 11px; } .grid { stroke: var(--line); } .loop { stroke: var(--loop); fill: var(--loop); } .hybrid { stroke: var(--hybrid); fill: var(--hybrid); } .threads { stroke: var(--threads); fill: var(--threads); }
.line { fill: none; stroke-width: 1.5; } .mark { stroke: none; } .span { stroke-width: 1.5; opacity: 0.55; } .ring { fill: none; stroke: var(--text); stroke-width: 1.5; }
</style>`;

function legend(): string {
  const words: Record<Mode, string> = {
    loop: 'loop: all on the event loop',
    hybrid: 'hybrid: handlers on a pool of threads',
    threads: 'threads: a request on each thread',
  };
  const items = modes.map((mode, at) => {
    const x = LEFT - 34 + at * 270;
    return `${mark(mode, x, 62)}<text x="${x + 12}" y="66">${words[mode]}</text>`;
  });
  return items.join('');
}

function panelOf({ title, unit, of }: Panel, runs: readonly CompareRun[], found: Comparison): string {
  const isLatency = title.startsWith('Latency');
  const highest = Math.max(...runs.map((run) => (isLatency ? run.latencyMs.p99 : of(run))), 0);
  const ticks = niceTicks(highest);
  const top = ticks.at(-1) ?? 1;
  const y = (value: number) => PANEL.height - (Math.min(value, top) / top) * PANEL.height;
  const concurrencies = [...new Set(runs.map(({ concurrency }) => concurrency))].sort((a, b) => a - b);
  const x = logScale(concurrencies, PANEL.width);
  const grid = ticks
    .map(
      (tick) =>
        `<line class="grid" x2="${PANEL.width}" y1="${r(y(tick))}" y2="${r(y(tick))}"/><text class="tick" x="-6" y="${r(y(tick) + 4)}" text-anchor="end">${tick}</text>`,
    )
    .join('');
  const below = readable(concurrencies, x)
    .map(
      (tick) =>
        `<text class="tick" x="${r(x(tick))}" y="${PANEL.height + 16}" text-anchor="middle">${tick}</text>`,
    )
    .join('');
  const series = modes.flatMap((mode) =>
    [
      ...Map.groupBy(
        runs.filter((run) => run.mode === mode),
        seriesOf,
      ).values(),
    ].map((each) => {
      const sorted = each.toSorted((a, b) => a.concurrency - b.concurrency);
      const points = sorted.map((run) => `${r(x(run.concurrency))},${r(y(of(run)))}`).join(' ');
      const marks = sorted.map((run) => pointOf(run, { x: x(run.concurrency), y, of, isLatency }, found));
      return `<polyline class="line ${mode}" style="fill:none" points="${points}"/>${marks.join('')}`;
    }),
  );
  return `<text class="name" x="-40" y="-14">${title}, ${unit}</text>${grid}${below}${series.join('')}`;
}

/** Sizes of a pool are lines of their own. */
function seriesOf({ mode, threads }: CompareRun): string {
  return mode === 'hybrid' ? `hybrid ${threads}` : mode;
}

function pointOf(
  run: CompareRun,
  at: { x: number; y: (value: number) => number; of: Panel['of']; isLatency: boolean },
  found: Comparison,
): string {
  const y = at.y(at.of(run));
  const { mode, concurrency, threads, latencyMs } = run;
  const span = at.isLatency
    ? `<line class="span ${mode}" x1="${r(at.x)}" x2="${r(at.x)}" y1="${r(at.y(latencyMs.p50))}" y2="${r(at.y(latencyMs.p99))}"/><line class="span ${mode}" x1="${r(at.x - 6)}" x2="${r(at.x + 6)}" y1="${r(at.y(latencyMs.p95))}" y2="${r(at.y(latencyMs.p95))}"/>`
    : '';
  const isBest =
    mode === found.recommendation && concurrency === found.concurrency && threads === found.threads;
  const ring = isBest ? `<circle class="ring" cx="${r(at.x)}" cy="${r(y)}" r="9"/>` : '';
  return span + mark(mode, at.x, y) + ring;
}

/** A circle, a triangle or a square. */
function mark(mode: Mode, x: number, y: number): string {
  switch (mode) {
    case 'loop':
      return `<circle class="mark loop" cx="${r(x)}" cy="${r(y)}" r="4.5"/>`;
    case 'hybrid':
      return `<path class="mark hybrid" d="M${r(x)} ${r(y - 5.5)}l5.5 10h-11z"/>`;
    case 'threads':
      return `<rect class="mark threads" x="${r(x - 4.5)}" y="${r(y - 4.5)}" width="9" height="9"/>`;
    default:
      return mode satisfies never;
  }
}
