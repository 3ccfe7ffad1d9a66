// The records of one crawl, those that match the filter in the address: in pages, in the order of writing.
import { queryOf } from '../../api.js';
import { fill, h, setText } from '../../element.js';
import { field } from '../../form.js';
import { routeTo } from '../../route.js';
import { createTable } from '../../rows.js';
import { bytes, count, counted, duration, visible, webLink } from '../../text.js';

const columns = [
  { label: 'Status' },
  { label: 'URL' },
  { label: 'Title' },
  { label: 'Time', isNumber: true },
  { label: 'Size', isNumber: true },
];
const PAGE = 25;
/** Values of the filter `ok`, as the API takes them. */
const results = [
  ['', 'all'],
  ['true', 'pages'],
  ['false', 'failed'],
];
/** Pages without a match that are read for one click. */
const MOST_EMPTY = 20;

/** @param {Record<string, string>} query The filter in the address. */
export function recordsPanel(app, crawl, { query, problems, signal }) {
  const table = createTable({ caption: 'Records', columns });
  const note = h('p', { class: 'empty' }, 'No records yet.');
  const elsewhere = h('p', { class: 'pad muted small', role: 'status', hidden: true });
  const button = (label, onClick) =>
    h('button', { type: 'button', class: 'ghost', on: { click: onClick } }, label);
  const more = button('More', () => load(next));
  more.hidden = true;
  const filters = filterForm(crawl);
  let filter = query;
  let next = null;
  let asked = 0;

  /** Reads on until there is a match: with a filter, a page may be empty though others follow. */
  async function read(cursor) {
    const found = { records: [], next: cursor, missing: 0 };
    for (let pages = 0; pages < MOST_EMPTY && found.records.length === 0; pages++) {
      const at = queryOf({ ...filter, limit: PAGE, partial: true, cursor: found.next });
      Object.assign(found, await app.api.get(`/v1/crawls/${encodeURIComponent(crawl)}/records${at}`, signal));
      if (found.next === null) break;
    }
    return found;
  }

  async function load(cursor = null) {
    const mine = ++asked;
    problems.clear();
    try {
      const page = await read(cursor);
      if (mine !== asked) return;
      if (cursor === null) fill(table.body);
      table.body.append(...page.records.map((record) => table.row(cells(record))));
      next = page.next;
      table.node.hidden = table.body.children.length === 0;
      note.hidden = !table.node.hidden;
      setText(note, Object.keys(filter).length > 0 ? 'No record matches the filter.' : 'No records yet.');
      elsewhere.hidden = page.missing === 0;
      setText(elsewhere, `${count(page.missing)} more are in data directories of other machines.`);
      more.hidden = next === null;
      if (cursor) app.say(`${counted(page.records.length, 'record')} loaded`);
    } catch (error) {
      problems.show(error);
    }
  }

  const node = h(
    'section',
    { class: 'card', 'aria-label': 'Records' },
    h(
      'div',
      { class: 'card-head' },
      h('h2', { tabindex: -1 }, 'Records, in the order of writing'),
      button('Reload', () => load(null)),
    ),
    filters.node,
    elsewhere,
    table.node,
    note,
    h('div', { class: 'card-foot' }, more),
  );
  table.node.hidden = true;
  filters.show(filter);
  return {
    node,
    load,
    /** Shows what matches, and scrolls to it. */
    filter(given) {
      filter = given;
      filters.show(filter);
      load();
      node.scrollIntoView({ block: 'start' });
      node.querySelector('h2').focus({ preventScroll: true });
    },
  };
}

/** The form of the filter. Its values are part of the address, so links and reloads keep them. */
function filterForm(crawl) {
  const fields = [
    field({ name: 'status', label: 'Status', placeholder: '404, 5xx, none' }),
    field({ name: 'ok', label: 'Result', kind: 'choice', options: results }),
    field({ name: 'code', label: 'Error code', placeholder: 'E_HTTP_4XX' }),
    field({ name: 'host', label: 'Host', placeholder: 'example.com' }),
    field({ name: 'type', label: 'Content type', placeholder: 'image/*' }),
    field({ name: 'label', label: 'Label' }),
    field({ name: 'since', label: 'Since', placeholder: '2h' }),
    field({ name: 'url', label: 'Text in URL', placeholder: 'or /blog/**' }),
  ];
  const clear = h('a', { href: routeTo('crawls', crawl), class: 'button ghost' }, 'Clear');
  const dead = h('a', { class: 'button ghost' }, 'Dead letters of this code');
  const node = h(
    'form',
    { class: 'filters pad', role: 'search', 'aria-label': 'Filter records', novalidate: true },
    ...fields.map((one) => one.node),
    h('div', { class: 'buttons' }, h('button', { type: 'submit' }, 'Filter'), clear, dead),
  );
  node.addEventListener('submit', (event) => {
    event.preventDefault();
    const query = Object.fromEntries(fields.map((one) => [one.name, (one.text ?? '').trim()]));
    location.hash = routeTo('crawls', crawl, query);
  });
  return {
    node,
    show(query) {
      for (const one of fields) one.input.value = query[one.name] ?? '';
      clear.hidden = Object.keys(query).length === 0;
      dead.hidden = !query.code;
      dead.href = routeTo('dead', null, { crawl, code: query.code });
    },
  };
}

function cells({ status, url, title, timings, bytes: size, ok, error }) {
  const ended = [status, error?.code].filter(Boolean).join(' ') || '–';
  const badge = h('span', { class: `badge ${ok ? 'good' : 'warn'}` }, ended);
  return [badge, webLink(url), visible(title ?? '') || '–', duration(timings?.total), bytes(size)];
}
