// The dashboard's entry: session, stream of events, navigation, and the view that the address names.
import { createApi } from './api.js';
import { fill, h, setText } from './element.js';
import { markTab, showFrame } from './frame.js';
import { mergeSamples } from './history.js';
import { openLive } from './live.js';
import { createRates } from './rates.js';
import { readRoute } from './route.js';
import { tokenForm } from './session.js';
import { createStore } from './store.js';
import { crawlView } from './views/crawls/crawl.js';
import { crawlsView } from './views/crawls/crawls.js';
import { deadView } from './views/dead/dead.js';
import { letterView } from './views/dead/letter.js';
import { explainView } from './views/explain.js';
import { hostsView } from './views/hosts/hosts.js';
import { createTailLines, tailView } from './views/tail.js';

const byId = (id) => document.getElementById(id);
const store = createStore();
const rates = createRates();
const tailLines = createTailLines();
const api = createApi({ onUnauthorized: () => begin() });
/** The object that every view gets. */
const app = {
  api,
  store,
  rates,
  tailLines,
  canWrite: () => store.get('session')?.role === 'write',
  say: (text) => setText(byId('said'), text),
};

let view = { route: null, shown: null, abort: new AbortController() };
let live = null;

function viewOf(route) {
  if (route.name === 'hosts') return hostsView;
  if (route.name === 'dead') return route.id ? letterView : deadView;
  if (route.name === 'explain') return explainView;
  if (route.name === 'tail') return tailView;
  return route.id ? crawlView : crawlsView;
}

function showRoute() {
  if (!store.get('session')?.role) return;
  const route = readRoute();
  const make = viewOf(route);
  markTab(route.name);
  const isSame = view.shown && view.make === make && view.route.id === route.id && view.shown.update;
  if (isSame) {
    view.route = route;
    view.shown.update(route);
    return;
  }
  const isFirst = view.route === null;
  view.abort.abort();
  const abort = new AbortController();
  const shown = make({ app, route, signal: abort.signal });
  view = { route, make, shown, abort };
  fill(byId('main'), shown.node);
  document.title = `${shown.title} · drover`;
  if (isFirst) return;
  window.scrollTo(0, 0);
  byId('main').querySelector('h1')?.focus({ preventScroll: true });
}

const handlers = {
  hello: ({ version }) => store.set('version', version),
  crawls: ({ crawls }) => {
    rates.note(crawls, performance.now());
    store.set('crawls', crawls);
  },
  hosts: ({ hosts }) => store.set('hosts', hosts),
  dead: ({ groups }) => store.set('dead', groups),
  replays: ({ replays }) => store.set('replays', replays),
  sample: (sample) => store.set('samples', mergeSamples(store.get('samples'), [sample])),
  tail: (batch) => {
    tailLines.add(batch);
    store.set('tail', batch);
  },
};

/** A crawl that does not change sends no event, but its rate must still fall. */
function noteTime() {
  const crawls = store.get('crawls');
  if (!crawls || !store.get('connection')?.isLive) return;
  rates.note(crawls, performance.now());
  store.set('crawls', crawls);
}

function onState(state) {
  const former = store.get('connection');
  if (former?.isLive === state.isLive) return;
  store.set('connection', state);
  rates.forget();
  if (state.isLive) readHistory();
}

async function readHistory() {
  const { everyMs, samples } = await api.get('/v1/stats').catch(() => ({ everyMs: 5000, samples: [] }));
  store.set('everyMs', everyMs);
  store.set('samples', mergeSamples(store.get('samples'), samples));
}

/** Returns whether to reconnect. It makes no sense without the token that the server wants. */
async function onRefused() {
  const session = await api.get('/v1/session').catch(() => null);
  if (session === null || session.role !== null) return true;
  begin();
  return false;
}

let frame = new AbortController();

/** Starts over: reads the session, then shows the form for the token, or the dashboard. */
async function begin() {
  live?.stop();
  live = null;
  frame.abort();
  frame = new AbortController();
  const { signal } = frame;
  store.set('connection', { isLive: false, since: Date.now() });
  const session = await askForSession(signal);
  if (signal.aborted) return;
  if (session.role === null) store.forget();
  store.set('session', session);
  showFrame(app, session, { signal, onSignOut: begin });
  view.abort.abort();
  view = { route: null, shown: null, abort: new AbortController() };
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  if (session.role === null) {
    const form = tokenForm(api, begin);
    fill(byId('main'), form);
    form.querySelector('input').focus();
    return;
  }
  live = openLive({ onEvent: (name, data) => handlers[name](data), onState, onRefused });
  showRoute();
}

async function askForSession(signal) {
  for (;;) {
    const session = await api.get('/v1/session').catch(() => null);
    if (session || signal.aborted) return session;
    fill(
      byId('main'),
      h('p', { class: 'empty', role: 'status' }, 'The server does not answer. Trying again…'),
    );
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('main').focus();
});
window.addEventListener('hashchange', showRoute);
setInterval(noteTime, 1000);
begin();
