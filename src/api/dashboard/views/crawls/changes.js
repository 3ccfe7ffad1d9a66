// What has changed in one run since the former one: made when it is asked for, because it reads all records.
import { queryOf } from '../../api.js';
import { fill, h, setText } from '../../element.js';
import { createTable } from '../../rows.js';
import { bytes, count, counted, stamp, visible, webLink } from '../../text.js';

/** Changes of a kind that are shown, and lines of a difference. */
const MOST = 25;
const MOST_LINES = 60;
/** The kinds as the API names them. */
const titles = { new: 'New', changed: 'Changed', gone: 'Gone', back: 'Back', unknown: 'Not known' };
const fieldNames = { finalUrl: 'final URL' };
const texts = {
  same: 'the text is the same',
  'not-kept': 'a run has not kept the bodies',
  'too-large': 'too large to compare its lines',
  'too-different': 'too different to compare its lines',
};

export function changesPanel(app, crawl, { problems, signal }) {
  const path = `/v1/crawls/${encodeURIComponent(crawl)}/changes`;
  const place = h('div', {}, h('p', { class: 'empty' }, 'The comparison reads all records of both runs.'));
  const textOnly = h('input', { type: 'checkbox' });
  const make = h(
    'button',
    { type: 'button', class: 'ghost', on: { click: load } },
    'Compare with the former run',
  );
  const choice = h(
    'label',
    { class: 'check', title: 'Not their markup, navigation or footers, which often change with each fetch.' },
    textOnly,
    'only texts',
  );

  async function load() {
    problems.clear();
    make.disabled = true;
    fill(place, h('p', { class: 'empty', role: 'status' }, 'Reading the records…'));
    try {
      const query = queryOf({ most: MOST, text: textOnly.checked ? true : null });
      fill(place, ...shown(await app.api.get(`${path}${query}`, signal)));
      setText(make, 'Compare again');
      app.say('The changes are there');
    } catch (error) {
      fill(place);
      problems.show(error);
    } finally {
      make.disabled = false;
    }
  }

  return h(
    'section',
    { class: 'card', 'aria-label': 'Changes' },
    h(
      'div',
      { class: 'card-head' },
      h('h2', { tabindex: -1 }, 'Changes'),
      h('div', { class: 'buttons' }, choice, make),
    ),
    place,
  );
}

function shown(changes) {
  const { from, to, notes, counts } = changes;
  const figure = (title, value) => h('div', {}, h('dt', {}, title), h('dd', {}, count(value)));
  const kinds = Object.keys(titles);
  return [
    h(
      'p',
      { class: 'pad muted small' },
      ...[
        `${to.crawl} (`,
        stamp(to.createdAt),
        `) compared with ${from.crawl} (`,
        stamp(from.createdAt),
        ')',
      ],
    ),
    ...notes.map((note) => h('p', { class: 'pad muted small' }, visible(note))),
    h(
      'dl',
      { class: 'figures pad' },
      ...kinds.map((kind) => figure(titles[kind], counts[kind])),
      figure('The same', counts.same),
    ),
    ...kinds.filter((kind) => counts[kind] > 0).map((kind) => kindOf(kind, changes)),
  ];
}

function kindOf(kind, changes) {
  const list = changes[kind];
  const more = changes.counts[kind] - list.length;
  return h(
    'details',
    { class: 'pad' },
    h('summary', {}, `${titles[kind]}: ${count(changes.counts[kind])}`),
    kind === 'changed' ? h('ul', { class: 'changed' }, ...list.map(changedItem)) : tableOf(kind, list),
    more > 0 && h('p', { class: 'muted small' }, `${count(more)} more: drover changes`),
  );
}

function tableOf(kind, list) {
  const columns = ['URL', 'Status', 'Title'].map((label) => ({ label }));
  const table = createTable({ caption: titles[kind], columns });
  for (const { url, from, to, lastIn } of list) {
    const title = visible((to ?? from).title ?? '') || '–';
    const last = lastIn && quiet(`last there in ${lastIn}`);
    table.body.append(table.row([webLink(url), statuses(from, to), h('div', {}, title, last)]));
  }
  return table.node;
}

function statuses(from, to) {
  const [was, now] = [ended(from), ended(to)];
  return was === now ? now : `${was} → ${now}`;
}

function ended(state) {
  if (state === null) return 'not found';
  const { status, code } = state;
  return status === null || (status < 400 && code !== null)
    ? [status, code].filter(Boolean).join(' ')
    : `${status}`;
}

const quiet = (text) => h('div', { class: 'muted small' }, text);

/** Not a row of a table: the lines of a difference need the whole width. */
function changedItem({ url, from, to, fields, text, diff, lines, itemsDiff }) {
  const names = fields.map((field) => fieldNames[field] ?? field).join(', ');
  const was = (field) =>
    fields.includes(field) && quiet(`${visible(from[field] ?? 'none')} → ${visible(to[field] ?? 'none')}`);
  const why = [`${bytes(from.bytes)} → ${bytes(to.bytes)}`, texts[text]].filter(Boolean).join('; ');
  return h(
    'li',
    {},
    ...[webLink(url), h('div', {}, `${names} · ${statuses(from, to)}`), was('title'), was('finalUrl')],
    fields.includes('content') && (diff ? diffOf(diff, lines.leftOut) : quiet(why)),
    itemsDiff && diffOf(itemsDiff, 0),
  );
}

function diffOf(diff, leftOut) {
  const lines = diff.split('\n');
  const more = lines.length - MOST_LINES + leftOut;
  return h(
    'pre',
    { class: 'diff' },
    ...lines.slice(0, MOST_LINES).map((line) => h('span', { class: classOf(line) }, visible(line))),
    more > 0 && h('span', { class: 'muted' }, `… and ${counted(more, 'more line')}`),
  );
}

function classOf(line) {
  if (line.startsWith('+')) return 'added';
  if (line.startsWith('-')) return 'removed';
  return line.startsWith('@@') ? 'muted' : null;
}
