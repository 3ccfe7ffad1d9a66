// The schedules below the crawls: when each is due next, and what became of its last run.
import { h, setText } from '../../element.js';
import { routeTo } from '../../route.js';
import { createTable, keepRows } from '../../rows.js';
import { clock, count, visible } from '../../text.js';

const READ_EVERY_MS = 5000;
const columns = [
  { label: 'Schedule' },
  { label: 'When' },
  { label: 'Next run' },
  { label: 'Last run' },
  { label: 'Started', isNumber: true },
  { label: 'Skipped', isNumber: true },
];

/** Hidden while there are none. */
export function schedulesPanel({ api }, signal) {
  const table = createTable({ caption: 'Schedules', columns });
  const node = h('section', { class: 'card', 'aria-label': 'Schedules', hidden: true }, table.node);
  const keep = keepRows(
    table.body,
    ({ name }) => name,
    (schedule) => scheduleRow(table, schedule),
  );
  const read = async () => {
    const answer = await api.get('/v1/schedules', signal).catch(() => null);
    if (!answer || signal.aborted) return;
    keep(answer.schedules);
    node.hidden = answer.schedules.length === 0;
  };
  const reading = setInterval(read, READ_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(reading));
  read();
  return node;
}

function scheduleRow(table, { name, seeds, again }) {
  const [when, next, started, skipped] = Array.from({ length: 4 }, () => h('span', {}));
  const last = h('a', {});
  const title = h(
    'div',
    { class: 'title-cell' },
    h('span', { class: 'row-title' }, visible(name)),
    h(
      'span',
      { class: 'muted url seeds', title: visible(seeds) },
      again ? 'each run repeats the one before it' : visible(seeds),
    ),
  );
  return {
    node: table.row([title, when, next, last, started, skipped]),
    update(schedule) {
      setText(when, `${schedule.cron} (${schedule.zone})`);
      setText(next, schedule.next ? clock(Date.parse(schedule.next)) : 'never');
      const { crawl, outcome, why } = schedule.last ?? {};
      setText(last, schedule.last ? `${crawl ?? ''} ${outcome} ${why ?? ''}`.trim() : '–');
      if (crawl) last.setAttribute('href', routeTo('crawls', crawl));
      setText(started, count(schedule.started));
      setText(skipped, count(schedule.skipped));
    },
  };
}
