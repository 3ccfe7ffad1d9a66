// The plots of the last hour (uPlot): pages per second, errors by layer, latency, the frontier.
import { h, setText } from '../element.js';
import { seriesOf } from '../history.js';
import { count, duration, rate } from '../text.js';
import { createPlot } from './plot.js';

const spans = [
  ['5', '5 min'],
  ['15', '15 min'],
  ['60', '1 hour'],
];

/** Each layer has a fixed colour, whichever other layers are shown. */
const layerColours = {
  dns: 1,
  connect: 2,
  tls: 3,
  send: 4,
  response: 5,
  read: 6,
  request: 7,
  http: 8,
  body: 1,
  robots: 2,
  guard: 3,
};
const dashedLayers = new Set(['body', 'robots', 'guard']);
const layerStyle = (layer) => ({
  label: layer,
  colour: layerColours[layer] ?? 8,
  isDashed: dashedLayers.has(layer) || !(layer in layerColours),
});

const latencyStyles = [
  { label: 'p50', colour: 3 },
  { label: 'p90', colour: 4 },
  { label: 'p99', colour: 5 },
];
const frontierStyles = [
  { label: 'waiting', colour: 1 },
  { label: 'open', colour: 4 },
  { label: 'delayed', colour: 6, isDashed: true },
];

export function plotsPanel(app, signal) {
  const empty = h(
    'p',
    { class: 'empty card' },
    'No samples yet. There is one every 5 seconds while a consumer or the server runs.',
  );
  const grid = h('div', { class: 'plots' });
  const plots = {
    pages: createPlot({ title: 'Pages per second', write: rate, signal }),
    errors: createPlot({
      title: 'Errors by layer, per minute',
      write: rate,
      signal,
      none: 'No errors in this time.',
    }),
    latency: createPlot({
      title: 'Time of whole attempts (logarithmic)',
      write: duration,
      isLogarithmic: true,
      signal,
    }),
    frontier: createPlot({ title: 'Frontier', write: count, isWhole: true, signal }),
  };
  grid.append(...Object.values(plots).map(({ node }) => node));
  let minutes = 60;
  const choice = spanChoice((chosen) => {
    minutes = chosen;
    show();
  });

  function show() {
    const samples = app.store.get('samples') ?? [];
    empty.hidden = samples.length > 1;
    grid.hidden = samples.length <= 1;
    if (samples.length <= 1) return;
    const since = samples.at(-1).at - minutes * 60_000;
    const first = Math.max(0, samples.findIndex(({ at }) => at >= since) - 1);
    draw(plots, seriesOf(samples.slice(first), app.store.get('everyMs') ?? 5000));
  }
  app.store.watch('samples', signal, show);
  app.store.watch('colours', signal, () => {
    for (const plot of Object.values(plots)) plot.recolour();
  });
  show();
  return h(
    'section',
    { 'aria-label': 'Plots' },
    h('div', { class: 'section-head' }, h('h2', {}, 'The last hour'), choice),
    empty,
    grid,
  );
}

function draw(plots, { at, pages, errors, latency, waiting, open, delayed }) {
  plots.pages.draw([{ label: 'recorded', colour: 1 }], [at, pages]);
  plots.errors.draw(
    errors.map(({ layer }) => layerStyle(layer)),
    [at, ...errors.map(({ values }) => values)],
  );
  plots.latency.draw(latencyStyles, [at, latency.p50, latency.p90, latency.p99], latency.longest);
  plots.frontier.draw(frontierStyles, [at, waiting, open, delayed]);
}

function spanChoice(onChoice) {
  const buttons = spans.map(([minutes, label]) => {
    const button = h('button', { type: 'button', 'aria-pressed': String(minutes === '60') }, label);
    button.addEventListener('click', () => {
      for (const one of buttons) one.setAttribute('aria-pressed', String(one === button));
      setText(said, `Plots show ${label}`);
      onChoice(Number(minutes));
    });
    return button;
  });
  const said = h('span', { class: 'hidden-text', role: 'status' });
  return h('div', { class: 'segments', role: 'group', 'aria-label': 'Time shown' }, ...buttons, said);
}
