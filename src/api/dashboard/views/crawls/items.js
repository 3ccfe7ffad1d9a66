// The items of one crawl: what handlers emitted, as a table whose columns are the fields of the items, in the
// order of writing.
import { queryOf } from '../../api.js';
import { actionButton } from '../../button.js';
import { fill, h, setText } from '../../element.js';
import { createTable } from '../../rows.js';
import { counted } from '../../text.js';
import { itemCell } from './item-cell.js';

/** Items that one click shows. */
const STEP = 25;
/** Records of one call. Each may have 10,000 items. */
const PAGE = 10;
/** Pages without an item that are read for one click. */
const MOST_EMPTY = 50;
/** Columns beside page and handler; the other fields stand together in one more. */
const MOST_FIELDS = 12;

export function itemsPanel(app, crawl, { problems, signal }) {
  const path = `/v1/crawls/${encodeURIComponent(crawl)}/items`;
  const total = h('span', { class: 'muted', role: 'status' });
  const select = h('select', { 'aria-label': 'Items of which handler', on: { change: () => load() } });
  const place = h('div', {});
  const reload = h('button', { type: 'button', class: 'ghost', on: { click: () => load() } }, 'Reload');
  const more = h('button', { type: 'button', class: 'ghost', hidden: true, on: { click: showMore } }, 'More');
  const save = (label, accept, ending) =>
    actionButton(label, {
      problems,
      name: `Items as ${label}`,
      run: () =>
        app.api.save(`${path}${queryOf({ handler: select.value })}`, accept, `${crawl}-items.${ending}`),
    });
  const tools = h(
    'div',
    { class: 'buttons' },
    ...[select, save('CSV', 'text/csv', 'csv'), save('NDJSON', 'application/x-ndjson', 'ndjson'), reload],
  );
  const node = h(
    'section',
    { class: 'card', 'aria-label': 'Items' },
    h('div', { class: 'card-head' }, h('div', {}, h('h2', { tabindex: -1 }, 'Items'), total), tools),
    place,
    h('div', { class: 'card-foot' }, more),
  );
  let counts = {};
  /** Read and not shown yet, shown, and where to read on. */
  let [waiting, shown, next] = [[], [], null];
  let asked = 0;
  /** @type {Promise<number>} */
  let showing = Promise.resolve(0);

  /** Reads until there is enough for one click: a page of records may have no item of this handler. */
  async function read(mine) {
    for (let pages = 0; pages < MOST_EMPTY && waiting.length < STEP; pages++) {
      const query = queryOf({ handler: select.value, limit: PAGE, partial: true, cursor: next });
      const page = await app.api.get(`${path}${query}`, signal);
      if (mine !== asked) return false;
      waiting.push(...page.items);
      next = page.next;
      if (next === null) break;
    }
    return true;
  }

  /** One after the other: each reads on where the last one ended. Resolves with how many items came. */
  function show(mine) {
    showing = showing.then(() => showStep(mine));
    return showing;
  }

  async function showStep(mine) {
    if (mine !== asked) return 0;
    problems.clear();
    try {
      if (!(await read(mine))) return 0;
      const added = waiting.splice(0, STEP);
      shown.push(...added);
      draw();
      return added.length;
    } catch (error) {
      problems.show(error);
      return 0;
    }
  }

  async function showMore() {
    const added = await show(asked);
    app.say(`${counted(added, 'item')} more`);
  }

  function load() {
    [waiting, shown, next] = [[], [], null];
    return show(++asked);
  }

  function draw() {
    more.hidden = next === null && waiting.length === 0;
    if (shown.length > 0) fill(place, tableOf(shown));
    else fill(place, Object.keys(counts).length > 0 ? nothingOf(select.value) : whatHandlersAre());
  }

  tools.hidden = true;
  fill(place, whatHandlersAre());
  return {
    node,
    load,
    /** The crawl's counts of items, by handler. Loads the table when the first ones are there. */
    update(items, hasEnded) {
      const sum = (of) => Object.values(of).reduce((all, one) => all + one, 0);
      const isFirst = sum(counts) === 0 && sum(items) > 0;
      const isLast = hasEnded && sum(counts) !== sum(items);
      counts = items;
      setText(total, sum(items) > 0 ? counted(sum(items), 'item') : '');
      tools.hidden = sum(items) === 0;
      chooseFrom(select, items);
      if (isFirst || isLast) load();
    },
  };
}

/** All handlers, and each with its number of items. The choice stays. */
function chooseFrom(select, items) {
  const all = counted(
    Object.values(items).reduce((sum, one) => sum + one, 0),
    'item',
  );
  const options = [['', `All handlers, ${all}`]];
  for (const [handler, number] of Object.entries(items).sort(([a], [b]) => (a < b ? -1 : 1)))
    options.push([handler, `${handler}, ${counted(number, 'item')}`]);
  for (const [index, [value, label]] of options.entries()) {
    const option = [...select.options].find((one) => one.value === value) ?? h('option', { value });
    setText(option, label);
    if (select.options[index] !== option) select.insertBefore(option, select.options[index] ?? null);
  }
}

function tableOf(lines) {
  const fields = [...new Set(lines.flatMap(({ item }) => Object.keys(cellsOf(item))))];
  const own = fields.slice(0, MOST_FIELDS);
  const isMixed = new Set(lines.map(({ handler }) => handler)).size > 1;
  const isMore = fields.length > own.length;
  const isNumber = (field) =>
    lines.every(({ item }) => ['number', 'undefined'].includes(typeof fieldOf(item, field)));
  const columns = [
    ...own.map((field) => ({ label: field, isNumber: isNumber(field), isData: true })),
    ...(isMore ? [{ label: `${counted(fields.length - own.length, 'more field')}` }] : []),
    ...(isMixed ? [{ label: 'Handler' }] : []),
    { label: 'Page' },
  ];
  const table = createTable({ caption: 'Items', columns });
  for (const { url, handler, item } of lines) {
    const cells = cellsOf(item);
    const rest = Object.entries(cells).filter(([field]) => !own.includes(field));
    table.body.append(
      table.row([
        ...own.map((field) => itemCell(fieldOf(item, field))),
        ...(isMore ? [itemCell(rest.length > 0 ? Object.fromEntries(rest) : undefined)] : []),
        ...(isMixed ? [handler] : []),
        itemCell(url),
      ]),
    );
  }
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': 'Table of items', tabindex: 0 },
    table.node,
  );
}

/** Undefined for a field that this item has not, such as one that is called `constructor`. */
function fieldOf(item, field) {
  const cells = cellsOf(item);
  return Object.hasOwn(cells, field) ? cells[field] : undefined;
}

/** An item that is no object is one cell. */
function cellsOf(item) {
  return typeof item === 'object' && item !== null && !Array.isArray(item) ? item : { item };
}

function nothingOf(handler) {
  const whose = handler === '' ? 'handlers' : `the handler ${handler}`;
  return h('p', { class: 'empty' }, `No item of ${whose} is in the data directory of this server.`);
}

function whatHandlersAre() {
  return h(
    'p',
    { class: 'empty' },
    'No items. A handler is your own code for a fetched page: it takes data out of the page and emits it as items, which stand here. Start a consumer with ',
    h('code', {}, 'drover consume --handler FILE'),
    ', or see ',
    h('a', { href: '/docs/HANDLERS.md', target: '_blank', rel: 'noopener' }, 'what handlers can do'),
    '.',
  );
}
