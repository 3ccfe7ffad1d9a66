// The letters that match the filter, one page at a time.
import { queryOf } from '../../api.js';
import { actionButton } from '../../button.js';
import { fill, h, setText } from '../../element.js';
import { routeTo } from '../../route.js';
import { createTable } from '../../rows.js';
import { count, counted, stamp, visible, webLink } from '../../text.js';
import { filterOf, wordsOfFilter } from './filters.js';

const columns = [
  { label: 'Failed' },
  { label: 'Code' },
  { label: 'URL and message' },
  { label: 'Attempts', isNumber: true },
  { label: 'Actions', isAction: true },
];

export function lettersPanel(app, problems, signal) {
  const title = h('h2', { tabindex: -1 }, 'Letters');
  const words = h('p', { class: 'muted url' });
  const table = createTable({ caption: 'Dead letters', columns });
  const empty = h('p', { class: 'empty' }, 'No letters match.');
  let [query, next, shown] = [{}, null, ''];
  const more = actionButton('More', { problems, class: 'ghost', run: () => load() });
  const node = h(
    'section',
    { class: 'card', 'aria-label': 'Letters', hidden: true },
    h('div', { class: 'card-head' }, h('div', {}, title, words)),
    table.node,
    empty,
    h('div', { class: 'card-foot' }, more),
  );

  async function load() {
    const page = await app.api.get(
      `/v1/dead${queryOf({ ...filterOf(query), limit: 50, cursor: next })}`,
      signal,
    );
    if (next === null) fill(table.body);
    table.body.append(...page.letters.map((letter) => table.row(cellsOf(letter))));
    next = page.next;
    more.hidden = next === null;
    table.node.hidden = table.body.children.length === 0;
    empty.hidden = !table.node.hidden;
    app.say(`${counted(page.letters.length, 'letter')} shown`);
  }

  return {
    node,
    async show(asked) {
      const address = JSON.stringify(asked);
      if (address === shown) return;
      [query, next, shown] = [asked, null, address];
      node.hidden = asked.show !== 'letters';
      if (node.hidden) return;
      setText(words, wordsOfFilter(filterOf(asked)));
      await load().catch(problems.show);
      if (signal.aborted) return;
      node.scrollIntoView({ block: 'start' });
      title.focus({ preventScroll: true });
    },
  };
}

function cellsOf({ jobId, url, code, message, attempts, failedAt }) {
  return [
    stamp(failedAt),
    h('span', { class: 'mono' }, code),
    h('div', { class: 'title-cell' }, webLink(url), h('span', { class: 'muted wrap' }, visible(message))),
    count(attempts),
    h(
      'div',
      { class: 'buttons' },
      h(
        'a',
        { class: 'button', href: routeTo('dead', jobId), 'aria-label': `Details of ${visible(url)}` },
        'Details',
      ),
    ),
  ];
}
