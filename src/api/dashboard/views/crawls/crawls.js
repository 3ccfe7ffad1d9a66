// The first view: the fleet now, its crawls, the plots of the last hour.
import { actionButton } from '../../button.js';
import { h, setText } from '../../element.js';
import { createProblemPlace } from '../../problem.js';
import { routeTo } from '../../route.js';
import { createTable, keepRows } from '../../rows.js';
import { count, duration, rate, visible } from '../../text.js';
import { plotsPanel } from '../plots.js';
import { meaningOf, termsPanel } from '../terms.js';
import { crawlActions } from './actions.js';
import { openCrawlForm } from './form.js';
import { createProgress, createState } from './parts.js';
import { schedulesPanel } from './schedules.js';

const columns = [
  { label: 'Crawl' },
  { label: 'State' },
  { label: 'Progress' },
  { label: 'Recorded', isNumber: true },
  { label: 'Refused', isNumber: true },
  { label: 'Dead', isNumber: true },
  { label: 'Waiting', isNumber: true },
  { label: 'Pages/s', isNumber: true },
  { label: 'Left', isNumber: true },
  { label: 'Actions', isAction: true },
];

export function crawlsView({ app, signal }) {
  const problems = createProblemPlace();
  const start = () => openCrawlForm(app);
  const node = h(
    'div',
    { class: 'view' },
    h(
      'div',
      { class: 'view-head' },
      h('h1', { tabindex: -1 }, 'Crawls'),
      app.canWrite() &&
        h('button', { type: 'button', class: 'primary', on: { click: start } }, 'Start a crawl'),
    ),
    fleetTiles(app, signal),
    problems.node,
    crawlsPanel(app, signal, problems),
    schedulesPanel(app, signal),
    plotsPanel(app, signal),
    termsPanel(
      ...['Recorded', 'Refused', 'Dead letters', 'Waiting', 'Open', 'In flight', 'Consumers', 'Left'],
      ...['Layer', 'p50, p90, p99', 'Frontier', 'Delayed'],
    ),
  );
  return { node, title: 'Crawls' };
}

/** The figures of the whole fleet in one line. */
function fleetTiles({ store, rates }, signal) {
  const names = ['Pages/s', 'Waiting', 'Open', 'In flight', 'Consumers', 'Dead letters'];
  const figures = names.map(() => h('dd', {}, '–'));
  const tiles = names.map((name, index) =>
    h('div', { class: 'tile' }, h('dt', { title: meaningOf(name) }, name), figures[index]),
  );
  const hint = h(
    'p',
    { class: 'notice', hidden: true },
    'No consumer is running. Start one with ',
    h('code', {}, 'drover consume'),
    '.',
  );
  const tell = (texts) => {
    for (const [index, text] of Object.entries(texts)) setText(figures[index], text);
  };
  store.watch('crawls', signal, (crawls) => {
    const speeds = crawls.map(({ crawl }) => rates.of(crawl).pagesPerSecond);
    const isKnown = speeds.some((speed) => speed !== null);
    tell({
      0: isKnown || crawls.length === 0 ? rate(speeds.reduce((sum, speed) => sum + (speed ?? 0), 0)) : '–',
      1: count(crawls.reduce((sum, { waiting }) => sum + waiting, 0)),
    });
  });
  store.watch('samples', signal, (samples) => {
    const last = samples.at(-1);
    if (!last) return;
    tell({
      2: count(last.open),
      3: count(last.inFlight),
      4: count(last.consumers),
      5: count(last.deadLetters),
    });
    hint.hidden = last.consumers > 0;
  });
  return h('section', { 'aria-label': 'The fleet now' }, h('dl', { class: 'tiles' }, ...tiles), hint);
}

function crawlsPanel(app, signal, problems) {
  const table = createTable({ caption: 'Crawls', columns });
  const empty = h(
    'p',
    { class: 'empty' },
    'No crawl is open, and none ended in the last hour. ',
    app.canWrite() && 'Start one here, or with ',
    app.canWrite() && h('code', {}, 'drover crawl https://example.com/'),
  );
  const keep = keepRows(
    table.body,
    ({ crawl }) => crawl,
    (view) => crawlRow(app, table, problems, view),
  );
  let older = [];
  let next = null;
  const more = actionButton('Older crawls', { problems, run: loadOlder, class: 'ghost' });

  function show() {
    const watched = app.store.get('crawls');
    if (!watched) return;
    const seen = new Set(watched.map(({ crawl }) => crawl));
    const all = [...watched, ...older.filter(({ crawl }) => !seen.has(crawl))];
    keep(all);
    table.node.hidden = all.length === 0;
    empty.hidden = all.length > 0;
  }

  async function loadOlder() {
    const cursor = next ? `&cursor=${encodeURIComponent(next)}` : '';
    const page = await app.api.get(`/v1/crawls?limit=50${cursor}`, signal);
    older = [...older, ...page.crawls];
    next = page.next;
    more.hidden = next === null;
    app.say(`${page.crawls.length} crawls loaded`);
    show();
  }

  app.store.watch('crawls', signal, show);
  return h(
    'section',
    { class: 'card', 'aria-label': 'Crawls' },
    table.node,
    empty,
    h('div', { class: 'card-foot' }, more),
  );
}

function crawlRow(app, table, problems, { crawl, name, seeds }) {
  const state = createState();
  const progress = createProgress(`Progress of ${name}`);
  const numbers = Array.from({ length: 6 }, () => h('span', {}));
  const actions = crawlActions(app, { crawl, name }, problems);
  const title = h(
    'div',
    { class: 'title-cell' },
    h('a', { href: routeTo('crawls', crawl), class: 'row-title' }, visible(name)),
    h('span', { class: 'muted url seeds', title: visible(seeds) }, visible(seeds)),
  );
  const node = table.row([title, state.node, progress.node, ...numbers, actions.node]);
  return {
    node,
    update(view) {
      const { pagesPerSecond, remainingMs } = app.rates.of(view.crawl);
      const isRunning = view.state === 'running';
      const texts = [
        ...[view.recorded, view.refused, view.dead, view.waiting].map(count),
        isRunning ? rate(pagesPerSecond) : '–',
        isRunning && remainingMs !== null ? duration(remainingMs) : '–',
      ];
      for (const [index, text] of texts.entries()) setText(numbers[index], text);
      numbers[2].className = view.dead > 0 ? 'bad' : '';
      state.update(view.state);
      progress.update(view);
      actions.update(view);
    },
  };
}
