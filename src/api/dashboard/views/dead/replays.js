// Replays: the running ones with their progress, and the last ones that ended.
import { actionButton } from '../../button.js';
import { h, setText } from '../../element.js';
import { createTable, keepRows } from '../../rows.js';
import { count, stamp, visible } from '../../text.js';
import { createProgress } from '../crawls/parts.js';

const columns = [
  { label: 'Replay' },
  { label: 'Phase' },
  { label: 'Progress' },
  { label: 'Recorded', isNumber: true },
  { label: 'Dead again', isNumber: true },
  { label: 'Began' },
  { label: 'Actions', isAction: true },
];
/** Most ended replays shown. */
const MOST_ENDED = 5;

export function replaysPanel(app, problems, signal) {
  const table = createTable({ caption: 'Replays', columns });
  const node = h(
    'section',
    { class: 'card', 'aria-label': 'Replays', hidden: true },
    h('div', { class: 'card-head' }, h('h2', {}, 'Replays')),
    table.node,
  );
  const keep = keepRows(
    table.body,
    ({ id }) => id,
    (run) => runRow(app, table, problems, run),
  );
  app.store.watch('replays', signal, (replays) => {
    const running = replays.filter(({ endedAt }) => endedAt === null);
    const ended = replays.filter(({ endedAt }) => endedAt !== null);
    const shown = [...running, ...ended.slice(0, MOST_ENDED)];
    node.hidden = shown.length === 0;
    keep(shown);
  });
  return node;
}

const kinds = { canary: 'warn', rest: 'good', done: '', stopped: 'bad' };

function runRow(app, table, problems, { id, code, host, startedAt }) {
  const phase = h('span', { class: 'badge' });
  const progress = createProgress(`Progress of the replay of ${code} at ${visible(host)}`);
  const [recorded, dead] = [h('span', {}), h('span', {})];
  const stop = actionButton('Stop', {
    problems,
    class: 'danger',
    name: `Stop the replay of ${code} at ${visible(host)}`,
    async run() {
      const run = await app.api.delete(`/v1/replays/${encodeURIComponent(id)}`);
      app.store.set(
        'replays',
        (app.store.get('replays') ?? []).map((one) => (one.id === id ? run : one)),
      );
      app.say('Replay stopped');
    },
  });
  const title = h(
    'div',
    { class: 'title-cell' },
    h('span', { class: 'row-title mono' }, code),
    h('span', { class: 'muted url' }, visible(host)),
  );
  return {
    node: table.row([
      title,
      phase,
      progress.node,
      recorded,
      dead,
      stamp(startedAt),
      h('div', { class: 'buttons' }, app.canWrite() && stop),
    ]),
    update(run) {
      setText(phase, run.phase === 'canary' ? `canary of ${count(run.canary)}` : run.phase);
      phase.className = `badge ${kinds[run.phase] ?? ''}`;
      progress.update(run, run.total);
      setText(recorded, count(run.recorded));
      setText(dead, count(run.dead));
      stop.hidden = run.endedAt !== null;
    },
  };
}
