// The filters of dead letters, in the form of the address and in the form of the API.
import { h } from '../../element.js';
import { field } from '../../form.js';
import { clock } from '../../text.js';

const ages = { '15m': 15 * 60_000, '1h': 3_600_000, '1d': 86_400_000, '7d': 7 * 86_400_000 };
const ageLabels = [
  ['', 'any time'],
  ['15m', 'last 15 minutes'],
  ['1h', 'last hour'],
  ['1d', 'last day'],
  ['7d', 'last week'],
];

/** The filter as the API wants it, with `since` as a time. A field that is absent matches everything. */
export function filterOf({ code, host, crawl, since, q }) {
  const age = ages[since];
  const given = { code, host, crawl, q, since: age && new Date(Date.now() - age).toISOString() };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}

export const isFiltered = (filter) => Object.keys(filter).length > 0;

/** The filter in words, for questions and titles. */
export function wordsOfFilter({ code, host, crawl, since, q }) {
  const words = [
    code && `code ${code}`,
    host && `host ${host}`,
    crawl && `crawl ${crawl}`,
    since && `failed since ${clock(since)}`,
    q && `with “${q}”`,
  ].filter(Boolean);
  return words.length ? words.join(', ') : 'all dead letters';
}

/** @param {(query: Record<string, string>) => void} onFilter */
export function filterForm(route, onFilter) {
  const fields = [
    field({ name: 'code', label: 'Code', placeholder: 'E_HTTP_5XX' }),
    field({ name: 'host', label: 'Host', placeholder: 'example.com' }),
    field({ name: 'crawl', label: 'Crawl (its id)' }),
    field({
      name: 'since',
      label: 'Failed',
      kind: 'choice',
      options: ageLabels,
      value: route.query.since ?? '',
    }),
    field({ name: 'q', label: 'Text in URL or message' }),
  ];
  const read = () => Object.fromEntries(fields.map((one) => [one.name, one.text ?? '']));
  const clear = h('a', { href: '#/dead', class: 'button ghost' }, 'Clear');
  const node = h(
    'form',
    { class: 'filters', role: 'search', 'aria-label': 'Filter dead letters', novalidate: true },
    ...fields.map((one) => one.node),
    h('div', { class: 'buttons' }, h('button', { type: 'submit' }, 'Filter'), clear),
  );
  node.addEventListener('submit', (event) => {
    event.preventDefault();
    onFilter(read());
  });
  fields[3].input.addEventListener('change', () => onFilter(read()));
  return {
    node,
    update(query) {
      for (const one of fields) one.input.value = query[one.name] ?? '';
      clear.hidden = !isFiltered(filterOf(query));
    },
  };
}
