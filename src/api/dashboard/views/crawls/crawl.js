// One crawl: progress, errors, latest records, settings.
import { fill, h, setText } from '../../element.js';
import { createProblemPlace } from '../../problem.js';
import { routeTo } from '../../route.js';
import { createTable } from '../../rows.js';
import { bytes, count, counted, duration, rate, stamp, visible, webLink } from '../../text.js';
import { meaningOf } from '../terms.js';
import { crawlActions } from './actions.js';
import { createProgress, createState } from './parts.js';

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
  const path = `/v1/crawls/${encodeURIComponent(crawl)}`;
  app.api
    .get(path, signal)
    .then((view) => {
      if (signal.aborted) return;
      const shown = crawlBody(app, view, problems, signal);
      fill(body, ...shown.nodes);
      shown.update(view);
      app.store.watch('crawls', signal, (crawls) => {
        const now = crawls.find((one) => one.crawl === crawl);
        if (now) shown.update(now);
      });
    })
    .catch((error) => {
      fill(body, h('h1', { tabindex: -1 }, visible(crawl)));
      problems.show(error);
    });
  return { node, title: crawl };
}

function crawlBody(app, view, problems, signal) {
  const state = createState();
  const progress = createProgress('Progress');
  const actions = crawlActions(app, view, problems);
  const figures = createFigures();
  const tallies = createTallies(view.crawl);
  const records = recordsPanel(app, view.crawl, problems, signal);
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
      records.node,
      settingsPanel(view.settings),
    ],
    update(now) {
      state.update(now.state);
      progress.update(now);
      actions.update(now);
      figures.update(now, app.rates.of(now.crawl));
      tallies.update(now);
      if (now.finishedAt) setText(ends, ` · ended ${new Date(now.finishedAt).toLocaleString('en-GB')}`);
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

/** Counts by status and by code. An error's code links to its dead letters. */
function createTallies(crawl) {
  const toDead = (code) => h('a', { href: routeTo('dead', null, { crawl, code }) }, code);
  const lists = [
    ['statuses', 'Answers by status', (code) => code],
    ['errors', 'Errors', toDead],
    ['refusals', 'Refused', (code) => code],
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

const recordColumns = [
  { label: 'Status' },
  { label: 'URL' },
  { label: 'Title' },
  { label: 'Time', isNumber: true },
  { label: 'Size', isNumber: true },
];

function recordsPanel(app, crawl, problems, signal) {
  const table = createTable({ caption: 'Records', columns: recordColumns });
  const note = h('p', { class: 'empty' }, 'No records yet.');
  const more = h(
    'button',
    { type: 'button', class: 'ghost', hidden: true, on: { click: () => load(next) } },
    'More',
  );
  const again = h('button', { type: 'button', class: 'ghost', on: { click: () => load(null) } }, 'Reload');
  let next = null;

  async function load(cursor = null) {
    const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    try {
      const page = await app.api.get(
        `/v1/crawls/${encodeURIComponent(crawl)}/records?limit=25${query}`,
        signal,
      );
      if (cursor === null) fill(table.body);
      table.body.append(...page.records.map((record) => table.row(recordCells(record))));
      next = page.next;
      table.node.hidden = table.body.children.length === 0;
      note.hidden = !table.node.hidden;
      more.hidden = next === null;
      if (cursor) app.say(`${counted(page.records.length, 'record')} loaded`);
    } catch (error) {
      problems.show(error);
    }
  }
  table.node.hidden = true;
  const node = h(
    'section',
    { class: 'card', 'aria-label': 'Records' },
    h('div', { class: 'card-head' }, h('h2', {}, 'Records, in the order of writing'), again),
    table.node,
    note,
    h('div', { class: 'card-foot' }, more),
  );
  return { node, load };
}

function recordCells({ status, url, title, timings, bytes: size, ok, error }) {
  const badge = h('span', { class: `badge ${ok ? 'good' : 'warn'}` }, error?.code ?? status ?? '–');
  return [badge, webLink(url), visible(title ?? '') || '–', duration(timings?.total), bytes(size)];
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
