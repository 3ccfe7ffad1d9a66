// The frame around every view: tabs, state of the connection, colour scheme, sign-out.
import { fill, h, setAttribute, setText } from './element.js';
import { signOutButton } from './session.js';
import { clock, count } from './text.js';
import { themeButton } from './theme.js';

/** Name, label, and the part of the label that is hidden on a narrow screen. */
const tabs = [
  ['crawls', 'Crawls'],
  ['hosts', 'Hosts'],
  ['dead', 'Dead', ' letters'],
  ['explain', 'Explain'],
  ['tail', 'Tail'],
];

const byId = (id) => document.getElementById(id);

/** Shows the frame. Without a role the visitor may see no view, so there are no tabs. */
export function showFrame(app, session, { signal, onSignOut }) {
  fill(
    byId('tools'),
    session.role && connectionState(app, signal),
    session.role === 'read' && h('span', { class: 'badge' }, 'read only'),
    session.required && session.role && signOutButton(app.api, onSignOut),
    themeButton(() => app.store.set('colours', {})),
  );
  fill(byId('tabs'), ...(session.role ? tabs.map((tab) => tabLink(app, tab, signal)) : []));
  const version = h('span', {});
  app.store.watch('version', signal, (text) => setText(version, text));
  fill(
    byId('foot'),
    h('span', {}, 'drover ', version),
    session.role && h('a', { href: '/queues' }, 'Raw queues'),
    h('a', { href: '/openapi.json' }, 'API'),
  );
}

export function markTab(name) {
  for (const link of byId('tabs').children)
    setAttribute(link, 'aria-current', link.dataset.tab === name ? 'page' : null);
}

function connectionState({ store }, signal) {
  const node = h('span', { class: 'live', role: 'status' });
  store.watch('connection', signal, (state) => {
    setAttribute(node, 'data-live', String(state.isLive));
    const since = h('span', { class: 'wide-only' }, ` since ${clock(state.since)}`);
    fill(node, state.isLive ? 'live' : ['reconnecting', since]);
  });
  return node;
}

function tabLink({ store }, [name, label, more], signal) {
  const badge = h('span', { class: 'tab-count' });
  if (name === 'dead')
    store.watch('dead', signal, (groups) => {
      const letters = groups.reduce((sum, group) => sum + group.count, 0);
      setText(badge, letters ? count(letters) : '');
    });
  const words = h('span', {}, label, more && h('span', { class: 'wide-only' }, more));
  return h('a', { href: `#/${name}`, 'data-tab': name }, words, badge);
}
