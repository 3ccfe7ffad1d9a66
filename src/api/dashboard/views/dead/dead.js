// Dead letters: filters, groups (one code at one host), replays, and the letters that match the filter.
import { queryOf } from '../../api.js';
import { actionButton, menu } from '../../button.js';
import { h, setText } from '../../element.js';
import { createProblemPlace } from '../../problem.js';
import { routeTo } from '../../route.js';
import { counted } from '../../text.js';
import { termsPanel } from '../terms.js';
import { filterForm, filterOf, isFiltered } from './filters.js';
import { groupsTable } from './groups.js';
import { lettersPanel } from './letters.js';
import { openPurgeForm } from './purge-form.js';
import { replaysPanel } from './replays.js';

export function deadView({ app, route, signal }) {
  const problems = createProblemPlace();
  const form = filterForm(route, (query) => {
    location.hash = routeTo('dead', null, query);
  });
  const sum = h('p', { class: 'muted', role: 'status' });
  const groups = groupsTable(app);
  const letters = lettersPanel(app, problems, signal);
  let now = route;
  let asked = 0;

  /**
   * All groups come with the events. With a filter, the matching groups are read from the API each time the
   * events show a change.
   */
  async function showGroups() {
    const mine = ++asked;
    const filter = filterOf(now.query);
    const all = app.store.get('dead');
    try {
      const found = isFiltered(filter)
        ? (await app.api.get(`/v1/dead/summary${queryOf(filter)}`, signal)).groups
        : all;
      if (mine !== asked || found === null) return;
      groups.show(found, now.query, all?.length ?? 0);
      const total = found.reduce((number, group) => number + group.count, 0);
      setText(sum, total ? `${counted(total, 'letter')} in ${counted(found.length, 'group')}` : '');
    } catch (error) {
      if (mine === asked) problems.show(error);
    }
  }

  function update(next) {
    now = next;
    problems.clear();
    form.update(next.query);
    showGroups();
    letters.show(next.query);
  }
  app.store.watch('dead', signal, showGroups);
  app.store.watch('replays', signal, () => app.store.get('dead') && showGroups());
  update(route);
  const node = h(
    'div',
    { class: 'view' },
    h(
      'div',
      { class: 'view-head' },
      h('h1', { tabindex: -1 }, 'Dead letters'),
      deadActions(app, problems, () => now.query),
    ),
    form.node,
    problems.node,
    replaysPanel(app, problems, signal),
    h(
      'section',
      { class: 'card', 'aria-label': 'Groups' },
      h('div', { class: 'card-head' }, h('h2', {}, 'Groups'), sum),
      groups.node,
    ),
    letters.node,
    termsPanel('Dead letters', 'Groups', 'Replay', 'Canary', 'Layer'),
  );
  return { node, title: 'Dead letters', update };
}

/** Actions on all letters that match the filter. */
function deadActions(app, problems, readQuery) {
  const save = (label, accept, ending) =>
    actionButton(label, {
      problems,
      run: () => app.api.save(`/v1/dead${queryOf(filterOf(readQuery()))}`, accept, `dead-letters.${ending}`),
    });
  const purge = h('button', { type: 'button', class: 'danger' }, 'Purge…');
  purge.addEventListener('click', () => openPurgeForm(app, filterOf(readQuery())));
  return h(
    'div',
    { class: 'buttons' },
    menu(
      'Export',
      [save('NDJSON', 'application/x-ndjson', 'ndjson'), save('CSV', 'text/csv', 'csv')],
      'Export the letters shown',
    ),
    app.canWrite() && purge,
  );
}
