// Groups of dead letters (one code at one host), with advice and actions.
import { h, setText } from '../../element.js';
import { routeTo } from '../../route.js';
import { createTable, keepRows } from '../../rows.js';
import { clock, count, visible } from '../../text.js';
import { filterOf } from './filters.js';
import { openReplayForm } from './replay-form.js';

const columns = [
  { label: 'Code' },
  { label: 'Host' },
  { label: 'Letters', isNumber: true },
  { label: 'First' },
  { label: 'Last' },
  { label: 'What to do' },
  { label: 'Actions', isAction: true },
];

/** Only the largest groups are shown. A page with thousands would be slow and hard to read. */
const MOST_SHOWN = 200;

export function groupsTable(app) {
  const table = createTable({ caption: 'Groups of dead letters', columns });
  const empty = h('p', { class: 'empty' });
  const cut = h('p', { class: 'muted small pad' });
  let query = {};
  const keep = keepRows(
    table.body,
    ({ code, host }) => `${code} ${host}`,
    (group) => groupRow(app, table, group, () => query),
  );
  return {
    node: h('div', {}, table.node, cut, empty),
    /**
     * @param {any[]} groups
     * @param {Record<string, string>} asked
     * @param {number} all number of groups without a filter
     */
    show(groups, asked, all) {
      query = asked;
      keep(groups.slice(0, MOST_SHOWN));
      cut.hidden = groups.length <= MOST_SHOWN;
      setText(
        cut,
        `These are the ${MOST_SHOWN} largest of ${count(groups.length)} groups. Use a filter to see others.`,
      );
      table.node.hidden = groups.length === 0;
      empty.hidden = groups.length > 0;
      setText(
        empty,
        all > 0
          ? 'No group matches. Clear the filter to see all.'
          : 'No dead letters: every request was recorded or refused, or is still waiting.',
      );
    },
  };
}

function groupRow(app, table, group, readQuery) {
  const { code, layer, host, advice } = group;
  const number = h('strong', {});
  const [first, last] = [h('time', {}), h('time', {})];
  const run = h('span', { class: 'badge good', hidden: true });
  const show = h('a', { class: 'button', 'aria-label': `Letters of ${code} at ${visible(host)}` }, 'Letters');
  const narrowed = () => ({ ...readQuery(), code, host });
  const replay = (label, isCanary) => {
    const button = h(
      'button',
      { type: 'button', 'aria-label': `${label} ${code} at ${visible(host)}` },
      `${label}…`,
    );
    button.addEventListener('click', () => openReplayForm(app, { filter: filterOf(narrowed()), isCanary }));
    return button;
  };
  const actions = h(
    'div',
    { class: 'buttons' },
    show,
    ...(app.canWrite() ? [replay('Canary', true), replay('Replay', false)] : []),
  );
  const title = h(
    'div',
    { class: 'title-cell' },
    h('span', { class: 'row-title mono' }, code),
    h('span', {}, h('span', { class: 'badge' }, layer), ' ', run),
  );
  return {
    node: table.row([
      title,
      h('span', { class: 'mono url' }, visible(host)),
      number,
      first,
      last,
      h('span', { class: 'advice' }, visible(advice)),
      actions,
    ]),
    update(now) {
      setText(number, count(now.count));
      for (const [node, iso] of [
        [first, now.firstAt],
        [last, now.lastAt],
      ]) {
        setText(node, clock(iso));
        node.dateTime = iso;
      }
      run.hidden = now.run === null;
      if (now.run)
        setText(run, `replaying: ${now.run.phase}, ${count(now.run.opened)} of ${count(now.run.total)}`);
      show.href = routeTo('dead', null, { ...narrowed(), show: 'letters' });
    },
  };
}
