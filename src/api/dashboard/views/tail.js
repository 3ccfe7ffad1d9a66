// The live tail: requests as they end, the newest on top.
import { h, setAttribute, setText } from '../element.js';
import { field } from '../form.js';
import { routeTo } from '../route.js';
import { bytes, count, duration, visible, webLink } from '../text.js';

const MOST_LINES = 200;

/** Keeps the last lines, whether or not the view is open. */
export function createTailLines() {
  let lines = [];
  let skipped = 0;
  return {
    add(batch) {
      lines = [...batch.lines.toReversed(), ...lines].slice(0, MOST_LINES);
      skipped += batch.skipped;
    },
    lines: () => lines,
    skipped: () => skipped,
  };
}

export function tailView({ app, signal }) {
  const list = h('ol', { class: 'tail', 'aria-label': 'Requests that ended, the newest first' });
  const filter = field({
    name: 'filter',
    label: 'Only lines with this text (URL, code, crawl)',
    kind: 'search',
  });
  const empty = h('p', { class: 'empty' });
  const skipped = h('p', { class: 'muted small', role: 'status' });
  const pause = h('button', { type: 'button', 'aria-pressed': 'false' }, 'Pause');
  /** While paused: the lines at the moment of pausing. */
  let held = null;

  function show() {
    const lines = held ?? app.tailLines.lines();
    const wanted = (filter.text ?? '').toLowerCase();
    const found = lines.filter((line) => textOf(line).includes(wanted));
    keepLines(list, found);
    list.hidden = found.length === 0;
    empty.hidden = found.length > 0;
    setText(empty, lines.length ? 'No line matches.' : 'Nothing has ended since this page was opened.');
    const left = app.tailLines.skipped();
    skipped.hidden = left === 0;
    setText(
      skipped,
      left ? `${count(left)} more requests ended and are not shown, because too many ended at once.` : '',
    );
  }

  pause.addEventListener('click', () => {
    held = held ? null : app.tailLines.lines();
    setAttribute(pause, 'aria-pressed', held ? 'true' : 'false');
    show();
  });
  filter.input.addEventListener('input', show);
  app.store.watch('tail', signal, () => held || requestAnimationFrame(show));
  show();
  const form = h(
    'form',
    {
      class: 'inline-form',
      role: 'search',
      'aria-label': 'Filter the tail',
      on: { submit: (event) => event.preventDefault() },
    },
    filter.node,
    pause,
  );
  const node = h(
    'div',
    { class: 'view' },
    h('div', { class: 'view-head' }, h('h1', { tabindex: -1 }, 'Tail'), form),
    skipped,
    h('section', { class: 'card', 'aria-label': 'Lines' }, list, empty),
  );
  return { node, title: 'Tail' };
}

const textOf = ({ url, code, crawl, host, status, outcome }) =>
  [url, code, crawl, host, status, outcome].join(' ').toLowerCase();

const nodes = new WeakMap();

/** Lines keep their elements, because new ones four times a second would disturb reading and selecting. */
function keepLines(list, lines) {
  const wanted = lines.map((line) => {
    const node = nodes.get(line) ?? lineItem(line);
    nodes.set(line, node);
    return node;
  });
  const kept = new Set(wanted);
  for (const node of [...list.children]) if (!kept.has(node)) node.remove();
  let place = list.firstChild;
  for (const node of wanted) {
    if (node === place) place = place.nextSibling;
    else list.insertBefore(node, place);
  }
}

const kinds = { recorded: 'good', refused: 'warn', dead: 'bad' };

function lineItem({ at, crawl, url, status, code, ms, bytes: size, attempts, outcome }) {
  const facts = [
    ms !== null && duration(ms),
    size !== null && bytes(size),
    attempts > 1 && `${attempts} attempts`,
  ].filter(Boolean);
  return h(
    'li',
    {},
    h(
      'time',
      { class: 'muted', datetime: new Date(at).toISOString() },
      new Date(at).toLocaleTimeString('en-GB'),
    ),
    h(
      'span',
      { class: `badge ${kinds[outcome] ?? ''}` },
      outcome === 'recorded' ? (status ?? outcome) : (code ?? outcome),
    ),
    webLink(url),
    h(
      'span',
      { class: 'muted facts' },
      facts.join(' · '),
      ' ',
      h('a', { href: routeTo('crawls', crawl) }, visible(crawl)),
    ),
  );
}
