// Hosts: the state of each, what slows it down, its limits and pauses, and the forms to change them.
import { actionButton } from '../../button.js';
import { h, setText } from '../../element.js';
import { field } from '../../form.js';
import { createProblemPlace } from '../../problem.js';
import { createTable, keepRows } from '../../rows.js';
import { count, duration, visible } from '../../text.js';
import { termsPanel } from '../terms.js';
import { openLimitsForm, openPauseForm } from './forms.js';
import { isResumable, remarksOf, spacingOf, standingOf } from './words.js';

const columns = [
  { label: 'Host' },
  { label: 'State' },
  { label: 'Waiting', isNumber: true },
  { label: 'Open', isNumber: true },
  { label: 'In flight', isNumber: true },
  { label: 'Spacing', isNumber: true },
  { label: 'Latency', isNumber: true },
  { label: 'Remarks' },
  { label: 'Actions', isAction: true },
];

/** Number of hosts that the events contain. */
const MOST_WATCHED = 100;
const READ_EVERY_MS = 5000;

export function hostsView({ app, signal }) {
  const problems = createProblemPlace();
  const empty = h(
    'p',
    { class: 'empty' },
    'No host has requests of an open crawl or limits set by an operator.',
  );
  const cut = h(
    'p',
    { class: 'muted small pad' },
    `${MOST_WATCHED} hosts are shown. Look up others by name.`,
  );
  const table = createTable({ caption: 'Hosts', columns });
  const keep = keepRows(
    table.body,
    ({ key }) => key,
    ({ key }) => hostRow(app, table, problems, key, (state) => took(state)),
  );
  const took = watchHosts(app, signal, (hosts, watched) => {
    keep(hosts);
    table.node.hidden = hosts.length === 0;
    empty.hidden = hosts.length > 0;
    cut.hidden = watched < MOST_WATCHED;
  });
  const node = h(
    'div',
    { class: 'view' },
    h('div', { class: 'view-head' }, h('h1', { tabindex: -1 }, 'Hosts'), nameForm(app, problems, took)),
    problems.node,
    h('section', { class: 'card', 'aria-label': 'Hosts' }, table.node, cut, empty),
    termsPanel('Waiting', 'Open', 'In flight', 'Spacing', 'Latency', 'Paused', 'Slowed'),
  );
  return { node, title: 'Hosts' };
}

/**
 * Shows the hosts of the events and those that were looked up or changed here, whether or not the fleet has
 * work for them. Returns a function that takes the state of a host from the answer of a call.
 */
function watchHosts({ store, api }, signal, show) {
  const named = new Map();
  const watchedKeys = () => new Set((store.get('hosts') ?? []).map(({ key }) => key));
  const tell = () => {
    const watched = store.get('hosts') ?? [];
    const seen = watchedKeys();
    const all = [...watched, ...[...named.values()].filter(({ key }) => !seen.has(key))];
    show(
      all.sort((a, b) => a.key.localeCompare(b.key)),
      watched.length,
    );
  };
  /** The events do not contain hosts that were only looked up here, so the API is asked for them. */
  const readNamed = async () => {
    const seen = watchedKeys();
    for (const key of [...named.keys()].filter((one) => !seen.has(one)).slice(-MOST_WATCHED)) {
      const state = await api.get(`/v1/hosts/${encodeURIComponent(key)}`, signal).catch(() => null);
      if (state) named.set(key, state);
    }
    if (!signal.aborted) tell();
  };
  const reading = setInterval(readNamed, READ_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(reading));
  store.watch('hosts', signal, tell);
  tell();
  return (state) => {
    named.set(state.key, state);
    const watched = store.get('hosts') ?? [];
    store.set(
      'hosts',
      watched.map((one) => (one.key === state.key ? state : one)),
    );
  };
}

/** The form that looks up a host that is not in the list. */
function nameForm(app, problems, took) {
  const host = field({
    name: 'host',
    label: 'Another host, with its port if that is unusual',
    inputmode: 'url',
  });
  const form = h(
    'form',
    { class: 'inline-form', novalidate: true },
    host.node,
    h('button', { type: 'submit' }, 'Look up'),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    problems.clear();
    if (!host.text) return host.input.focus();
    try {
      const state = await app.api.get(`/v1/hosts/${encodeURIComponent(host.text)}`);
      took(state);
      host.input.value = '';
      app.say(`${state.key} was added to the list`);
    } catch (error) {
      problems.show(error);
    }
  });
  return form;
}

function hostRow(app, table, problems, key, took) {
  const state = h('span', { class: 'badge' });
  const numbers = Array.from({ length: 5 }, () => h('span', {}));
  const remarks = h('span', { class: 'muted remarks' });
  const actions = app.canWrite()
    ? hostActions(app, problems, key, took)
    : { node: h('span', {}), update() {} };
  const title = h('span', { class: 'row-title mono url' }, visible(key));
  return {
    node: table.row([title, state, ...numbers, remarks, actions.node]),
    update(host) {
      const standing = standingOf(host);
      setText(state, standing.text);
      state.className = `badge ${standing.kind}`;
      const texts = [
        count(host.waiting),
        count(host.open),
        `${count(host.inFlight)} of ${count(host.concurrency)}`,
        duration(spacingOf(host)),
        duration(host.latencyMs),
      ];
      for (const [index, text] of texts.entries()) setText(numbers[index], text);
      setText(remarks, remarksOf(host).join(' · ') || '–');
      actions.update(host);
    },
  };
}

function hostActions(app, problems, key, took) {
  let last = null;
  const shown = visible(key);
  const pause = h('button', { type: 'button', 'aria-label': `Pause ${shown}` }, 'Pause…');
  const limits = h('button', { type: 'button', 'aria-label': `Limits of ${shown}` }, 'Limits…');
  pause.addEventListener('click', () => openPauseForm(app, key, took));
  limits.addEventListener('click', () => openLimitsForm(app, last, took));
  const resume = actionButton('Resume', {
    problems,
    name: `Resume ${shown}`,
    async run() {
      took(await app.api.post(`/v1/hosts/${encodeURIComponent(key)}/resume`));
      app.say(`${shown} resumed`);
    },
  });
  return {
    node: h('div', { class: 'buttons' }, pause, resume, limits),
    update(host) {
      last = host;
      pause.hidden = host.pausedMs > 0;
      resume.hidden = !isResumable(host);
    },
  };
}
