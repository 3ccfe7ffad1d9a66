// The plot of a crawl's growth as SVG: four panels by the number of pages, for light and dark grounds.
import { logScale, niceTicks, rounded } from '../../src/compare/plot-scales.ts';
import type { GrowthFigures } from './run.ts';

const PANEL = { width: 330, height: 150 } as const;
const GAP = { x: 80, y: 70 } as const;
const LEFT = 70;
const TOP = 92;
const WIDTH = LEFT + 2 * PANEL.width + GAP.x + 40;
const HEIGHT = TOP + 2 * PANEL.height + GAP.y + 60;

interface Line {
  of: (figures: GrowthFigures) => number;
  className: 'drover' | 'redis';
  isDashed?: boolean;
}

interface Panel {
  title: string;
  lines: readonly Line[];
}

const panels: readonly Panel[] = [
  { title: 'pages/s', lines: [{ of: ({ pages, seconds }) => pages / seconds, className: 'drover' }] },
  {
    title: 'CPU s for 1,000 pages',
    lines: [
      { of: ({ cpu }) => cpu.drover, className: 'drover' },
      { of: ({ cpu }) => cpu.redis, className: 'redis' },
    ],
  },
  {
    title: 'memory of drover, MB',
    lines: [
      { of: ({ peakBytes }) => peakBytes.drover / 1e6, className: 'drover' },
      { of: ({ steadyBytes }) => steadyBytes.drover / 1e6, className: 'drover', isDashed: true },
    ],
  },
  {
    title: 'memory of Redis, MB',
    lines: [
      { of: ({ peakBytes }) => peakBytes.redis / 1e6, className: 'redis' },
      { of: ({ steadyBytes }) => steadyBytes.redis / 1e6, className: 'redis', isDashed: true },
    ],
  },
];

const STYLE = `<style>
svg { font: 12px system-ui, sans-serif; --ground: #ffffff; --text: #1b1f24; --faint: #5b6570; --line: #d5dae0; --drover: #0072b2; --redis: #d55e00; }
@media (prefers-color-scheme: dark) { svg { --ground: #14181d; --text: #e8ebee; --faint: #a3adb8; --line: #353d46; --drover: #56b4e9; --redis: #e69f00; } }
.ground { fill: var(--ground); } text { fill: var(--text); } .head { font-size: 17px; font-weight: 600; } .name { font-weight: 600; }
.tick { fill: var(--faint); font-size: 11px; } .grid { stroke: var(--line); } .line { fill: none; stroke-width: 1.5; } .dashed { stroke-dasharray: 5 4; }
.line.faint { stroke: var(--faint); } .line.drover { stroke: var(--drover); } .line.redis { stroke: var(--redis); } .mark.drover { fill: var(--drover); } .mark.redis { fill: var(--redis); }
</style>`;

/** The figures are in rising order of pages. */
export function growthSvg(all: readonly GrowthFigures[]): string {
  const drawn = panels.map((panel, at) => {
    const x = LEFT + (at % 2) * (PANEL.width + GAP.x);
    const y = TOP + Math.floor(at / 2) * (PANEL.height + GAP.y);
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, all)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title">
<title id="title">A crawl by the number of pages of the site: speed, CPU and memory of drover and Redis</title>
${STYLE}
<rect class="ground" width="100%" height="100%"/>
<text class="head" x="24" y="32">A crawl by the number of pages of the site</text>
${legend()}
${drawn.join('\n')}
</svg>
`;
}

function legend(): string {
  const keys = [
    { x: 24, words: 'drover', className: 'drover' },
    { x: 110, words: 'Redis', className: 'redis' },
    { x: 196, words: 'of memory: the peak', className: 'faint' },
    { x: 362, words: 'of memory: the median of the second half of the time', className: 'faint dashed' },
  ];
  return keys
    .map(
      ({ x, words, className }) =>
        `<line class="line ${className}" x1="${x}" x2="${x + 20}" y1="54" y2="54"/><text x="${x + 26}" y="58">${words}</text>`,
    )
    .join('');
}

function drawPanel({ title, lines }: Panel, all: readonly GrowthFigures[]): string {
  const highest = Math.max(0, ...lines.flatMap(({ of }) => all.map(of)));
  const ticks = niceTicks(highest);
  const top = ticks.at(-1) ?? 1;
  const y = (value: number) => rounded(PANEL.height - (value / top) * PANEL.height);
  const sizes = all.map(({ pages }) => pages);
  const x = logScale(sizes, PANEL.width);
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x2="${PANEL.width}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick" x="-6" y="${y(tick) + 4}" text-anchor="end">${tick.toLocaleString('en')}</text>`,
  );
  const below = sizes.map(
    (size) =>
      `<text class="tick" x="${rounded(x(size))}" y="${PANEL.height + 16}" text-anchor="middle">${size.toLocaleString('en')}</text>`,
  );
  const drawn = lines.map(({ of, className, isDashed }) => {
    const points = all.map((one) => `${rounded(x(one.pages))},${y(of(one))}`);
    const marks = points.map((point) => {
      const [cx, cy] = point.split(',');
      return `<circle class="mark ${className}" cx="${cx}" cy="${cy}" r="4"/>`;
    });
    return `<polyline class="line ${className}${isDashed ? ' dashed' : ''}" points="${points.join(' ')}"/>${marks.join('')}`;
  });
  return `<text class="name" x="0" y="-12">${title}</text>${[...grid, ...below, ...drawn].join('')}`;
}
