// One crawl: progress, errors, items, records, settings.
import { fill, h, setText } from '../../element.js';
import { createProblemPlace } from '../../problem.js';
import { routeTo } from '../../route.js';
import { bytes, count, duration, rate, stamp, visible } from '../../text.js';
import { meaningOf } from '../terms.js';
import { crawlActions } from './actions.js';
import { changesPanel } from './changes.js';
import { itemsPanel } from './items.js';
import { createProgress, createState } from './parts.js';
import { recordsPanel } from './records.js';
import { reportPanel } from './report.js';

export function crawlView({ app, route, signal }) {
  const crawl = route.id;
  const problems = createProblemPlace();
  const body = h('div', { class: 'stack' }, h('p', { class: 'empty' }, 'Loading…'));
  const node = h(
    'div',
    { class: 'view' },
    h('a', { href: '#/crawls', class: 'back' }, '← Crawls'),
    problems.node,
    body,
  );
  let records = null;
  const path = `/v1/crawls/${encodeURIComponent(crawl)}`;
  app.api
    .get(path, signal)
    .then((view) => {
      if (signal.aborted) return;
      records = recordsPanel(app, view.crawl, { query: route.query, problems, signal });
      const items = itemsPanel(app, view.crawl, { problems, signal });
      const report = reportPanel(app, view.crawl, { problems, signal });
      const changes = changesPanel(app, view.crawl, { problems, signal });
      const shown = crawlBody(app, view, { problems, items, changes, report, records });
      fill(body, ...shown.nodes);
      shown.update(view);
      if (Object.keys(route.query).length > 0) records.filter(route.query);
      app.store.watch('crawls', signal, (crawls) => {
        const now = crawls.find((one) => one.crawl === crawl);
        if (now) shown.update(now);
      });
    })
    .catch((error) => {
      fill(body, h('h1', { tabindex: -1 }, visible(crawl)));
      problems.show(error);
    });
  return { node, title: crawl, update: ({ query }) => records?.filter(query) };
}

function crawlBody(app, view, { problems, items, changes, report, records }) {
  const state = createState();
  const progress = createProgress('Progress');
  const actions = crawlActions(app, view, problems);
  const figures = createFigures();
  const tallies = createTallies(view.crawl);
  const ends = h('span', {});
  const head = h(
    'div',
    { class: 'view-head' },
    h(
      'div',
      {},
      h('h1', { tabindex: -1 }, visible(view.name), ' ', state.node),
      h('p', { class: 'muted url' }, visible(view.seeds)),
    ),
    actions.node,
  );
  const times = h('p', { class: 'muted small' }, `${view.crawl} · began `, stamp(view.createdAt), ends);
  let ended = -1;
  return {
    nodes: [
      head,
      h('section', { class: 'card pad', 'aria-label': 'Progress' }, progress.node, figures.node, times),
      tallies.node,
      items.node,
      changes,
      report,
      records.node,
      settingsPanel(view.settings),
    ],
    update(now) {
      state.update(now.state);
      progress.update(now);
      actions.update(now);
      figures.update(now, app.rates.of(now.crawl));
      tallies.update(now);
      items.update(now.items ?? {}, now.finishedAt !== null);
      if (now.finishedAt) ends.replaceChildren(' · ended ', stamp(now.finishedAt));
      // The records load by themselves when the first one is there, and once more when the crawl has ended.
      if (ended <= 0 !== now.recorded <= 0 || (now.finishedAt && ended !== now.recorded)) {
        ended = now.recorded;
        records.load();
      }
    },
  };
}

function createFigures() {
  const names = [
    'Recorded',
    'Refused',
    'Dead',
    'Waiting',
    'Retries',
    'Postponed',
    'Bytes',
    'Pages/s',
    'Left',
  ];
  const cells = names.map(() => h('dd', {}, '–'));
  const node = h(
    'dl',
    { class: 'figures' },
    ...names.map((name, index) => h('div', {}, h('dt', { title: meaningOf(name) }, name), cells[index])),
  );
  return {
    node,
    update(view, { pagesPerSecond, remainingMs }) {
      const isRunning = view.state === 'running';
      const texts = [
        ...[view.recorded, view.refused, view.dead, view.waiting, view.retries, view.postponed].map(count),
        bytes(view.bytes),
        isRunning ? rate(pagesPerSecond) : '–',
        isRunning && remainingMs !== null ? duration(remainingMs) : '–',
      ];
      for (const [index, text] of texts.entries()) setText(cells[index], text);
    },
  };
}

/** Counts by status and by code, each a link to the records that have it. */
function createTallies(crawl) {
  const toRecords = (filter) => (value) =>
    h('a', { href: routeTo('crawls', crawl, { [filter]: value }) }, value);
  const lists = [
    ['statuses', 'Answers by status', toRecords('status')],
    ['errors', 'Errors', toRecords('code')],
    ['refusals', 'Refused', toRecords('code')],
    ['leftOut', 'Links left out', (code) => code],
  ].map(([key, title, label]) => ({ key, label, list: h('dl', { class: 'tally' }), title, last: '' }));
  const node = h(
    'div',
    { class: 'columns' },
    ...lists.map(({ title, list }) => h('section', { class: 'card pad' }, h('h2', {}, title), list)),
  );
  return {
    node,
    update(view) {
      for (const one of lists) {
        const entries = Object.entries(view[one.key] ?? {}).sort(([, a], [, b]) => b - a);
        const text = JSON.stringify(entries);
        if (text === one.last) continue;
        one.last = text;
        const rows = entries.map(([code, number]) =>
          h('div', {}, h('dt', {}, one.label(code)), h('dd', {}, count(number))),
        );
        fill(one.list, ...(rows.length ? rows : [h('div', { class: 'muted' }, h('dt', {}, 'none'))]));
      }
    },
  };
}

function settingsPanel(settings = {}) {
  const rows = Object.entries(settings)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) =>
      h(
        'div',
        {},
        h('dt', {}, name),
        h('dd', { class: 'mono' }, visible(typeof value === 'string' ? value : JSON.stringify(value))),
      ),
    );
  return h(
    'details',
    { class: 'card pad' },
    h('summary', {}, h('h2', {}, 'Settings')),
    h('dl', { class: 'tally wide' }, ...rows),
  );
}
