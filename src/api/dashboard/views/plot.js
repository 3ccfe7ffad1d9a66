// One plot: uPlot with its own legend, which also gives the values in words, and with colours that follow the
// page's scheme.
import { fill, h, setAttribute, setText } from '../element.js';
import uPlot from '../uplot.js';

const HEIGHT = 180;
/**
 * A plot shows at least this span of time, so that a fleet that has just begun is not shown over a moment.
 */
const SHORTEST_SECONDS = 120;
/** Steps between labels of time, in seconds: close enough that each width shows several. */
const timeSteps = [5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600];
/** Steps between grid lines: 1, 2 or 5 times a power of ten. */
const steps = Array.from({ length: 12 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** (power - 1)),
).flat();

/**
 * @param {{title: string, write: (value: number) => string, isWhole?: boolean, isLogarithmic?: boolean,
 * none?: string, signal: AbortSignal}} options `write` formats a value; `isWhole` says that there are only
 * whole numbers; `isLogarithmic` is for values of which one may be a thousand times the others.
 */
export function createPlot({ title, none = 'Nothing in this time.', signal, ...form }) {
  const { write } = form;
  const box = h('div', { class: 'plot-box', role: 'img' });
  const legend = h('ul', { class: 'legend' });
  const empty = h('p', { class: 'plot-empty muted' }, none);
  const node = h('figure', { class: 'card plot' }, h('figcaption', {}, title), box, empty, legend);
  const peak = h('li', { class: 'peak' });
  let [chart, data, styles, values] = [null, [[]], [], []];

  /** Shows the values at the cursor, or the last ones when the cursor is elsewhere. */
  function showValues(index) {
    const at = index ?? data[0].length - 1;
    for (const [number, value] of values.entries()) {
      const shown = data[number + 1]?.[at];
      setText(value, shown === null || shown === undefined ? '–' : write(shown));
    }
    if (index === null) setAttribute(box, 'aria-label', wordsOf(title, styles, values));
  }

  function build() {
    chart?.destroy();
    chart = null;
    values = styles.map(() => h('span', { class: 'legend-value' }));
    const marks = styles.map(({ colour, isDashed }) =>
      h('span', { class: `mark colour-${colour}${isDashed ? ' dashed' : ''}`, 'aria-hidden': 'true' }),
    );
    const items = styles.map(({ label }, index) => h('li', {}, marks[index], `${label} `, values[index]));
    fill(legend, ...items, peak);
    if (styles.length === 0 || box.clientWidth === 0) return;
    const colours = marks.map((mark) => getComputedStyle(mark).color);
    chart = new uPlot(optionsOf({ box, styles, colours, ...form, onCursor: showValues }), data, box);
  }

  /** `peaks`: values of which the legend names the highest; the plot does not show them. */
  function draw(wanted, series, peaks = []) {
    data = series;
    const isSame = chart && JSON.stringify(wanted) === JSON.stringify(styles);
    styles = wanted;
    const hasValues = series
      .slice(1)
      .some((one) => one.some((value) => value !== null && value !== undefined));
    empty.hidden = hasValues;
    box.hidden = !hasValues;
    if (isSame) chart.setData(series);
    else build();
    setText(peak, peakOf(peaks, data, write));
    // While the cursor points at a moment, the legend stays at that moment.
    showValues(chart?.cursor.idx ?? null);
  }

  const resized = new ResizeObserver(() => {
    if (chart && box.clientWidth > 0) chart.setSize({ width: box.clientWidth, height: HEIGHT });
    else if (!chart && box.clientWidth > 0 && styles.length > 0) {
      build();
      showValues(null);
    }
  });
  resized.observe(box);
  signal.addEventListener('abort', () => {
    resized.disconnect();
    chart?.destroy();
  });
  return {
    node,
    draw,
    recolour() {
      build();
      showValues(null);
    },
  };
}

/** The highest of the values, and when it was. */
function peakOf(values, [times], write) {
  const highest = Math.max(...values.map((value) => value ?? -1));
  if (highest < 0) return '';
  return `longest up to ${write(highest)} at ${timeOf(times[values.indexOf(highest)], 1)}`;
}

function wordsOf(title, styles, values) {
  return `${title}, now: ${styles.map(({ label }, index) => `${label} ${values[index]?.textContent}`).join(', ') || 'nothing'}`;
}

function optionsOf({ box, styles, colours, write, isWhole = false, isLogarithmic = false, onCursor }) {
  const style = getComputedStyle(box);
  const [ink, line] = [style.color, style.borderTopColor];
  const axis = {
    stroke: ink,
    font: '11px system-ui, sans-serif',
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    padding: [8, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { range: (_chart, min, max) => [Math.min(min, max - SHORTEST_SECONDS), max] },
      y: isLogarithmic
        ? { distr: 3, range: (_chart, min, max) => decades(min, max) }
        : { range: (_chart, _min, max) => [0, Math.max(max * 1.1, isWhole ? 4 : 1)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 48,
        incrs: timeSteps,
        splits: (_chart, _axis, min, max, step) => multiplesOf(step, min, max),
        values: (_chart, times, _axis, _space, step) => times.map((time) => timeOf(time, step)),
      },
      {
        ...axis,
        size: 58,
        ...(isLogarithmic
          ? { splits: (_chart, _axis, min, max) => powersIn(min, max), filter: (_chart, all) => all }
          : { incrs: isWhole ? steps.filter(Number.isInteger) : steps }),
        values: (_chart, numbers) => numbers.map(write),
      },
    ],
    series: [
      {},
      ...styles.map(({ label, isDashed }, index) => ({
        label,
        stroke: colours[index],
        width: 1.75,
        dash: isDashed ? [5, 3] : undefined,
        spanGaps: false,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(chart) => onCursor(chart.cursor.idx ?? null)] },
  };
}

/** Whole powers of ten around the values. */
function decades(min, max) {
  const low = Math.floor(Math.log10(Math.max(min ?? 1, 1)));
  return [10 ** low, 10 ** Math.max(low + 1, Math.ceil(Math.log10(Math.max(max ?? 1, 1))))];
}

function powersIn(min, max) {
  const count = Math.round(Math.log10(max / min)) + 1;
  return Array.from({ length: count }, (_, power) => min * 10 ** power);
}

function multiplesOf(step, min, max) {
  const first = Math.ceil(min / step) * step;
  return Array.from({ length: Math.floor((max - first) / step) + 1 }, (_, n) => first + n * step);
}

/** Time on the axis, with seconds where grid lines are closer than a minute. */
const timeOf = (seconds, step) =>
  new Date(seconds * 1000).toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(step % 60 ? { second: '2-digit' } : {}),
  });
