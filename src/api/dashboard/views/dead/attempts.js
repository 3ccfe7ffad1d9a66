// Attempts at a request: what each met, at which address, how its time went, how the answer began.
import { h } from '../../element.js';
import { duration, stamp, visible } from '../../text.js';

const phases = [
  ['dns', 'DNS'],
  ['connect', 'connect'],
  ['tls', 'TLS'],
  ['firstByte', 'first byte'],
  ['download', 'download'],
];

/** @param {string | null} url of the request: where an attempt ended is told if it is another */
export function attemptsList(attempts, url) {
  if (attempts.length === 0) return h('p', { class: 'muted' }, 'None are kept.');
  const longest = Math.max(1, ...attempts.map(({ timings }) => totalOf(timings)));
  return h('ol', { class: 'attempts' }, ...attempts.map((attempt) => attemptItem(attempt, longest, url)));
}

function attemptItem({ at, code, layer, message, status, address, finalUrl, timings, body }, longest, url) {
  const facts = [
    status !== null && `status ${status}`,
    address,
    finalUrl && finalUrl !== url && `at ${visible(finalUrl)}`,
  ].filter(Boolean);
  return h(
    'li',
    {},
    h(
      'p',
      { class: 'attempt-head' },
      h('span', { class: 'mono' }, code),
      h('span', { class: 'badge' }, layer),
      stamp(at),
      h('span', { class: 'muted url' }, facts.join(' · ')),
    ),
    h('p', { class: 'wrap' }, visible(message)),
    timingBar(timings, longest),
    body && h('details', {}, h('summary', {}, 'How the answer began'), h('pre', {}, visibleLines(body))),
  );
}

/** Lines stay lines. */
const visibleLines = (text) => text.split('\n').map(visible).join('\n');

const totalOf = (timings) => timings.total ?? phases.reduce((sum, [name]) => sum + (timings[name] ?? 0), 0);

/** Phases in proportion to the longest of these attempts; in words as well. */
function timingBar(timings, longest) {
  const known = phases.filter(([name]) => timings[name] !== null && timings[name] !== undefined);
  const bar = h('div', { class: 'bar timing', 'aria-hidden': 'true' });
  for (const [name] of known) {
    const part = h('span', { class: `part phase-${name.toLowerCase()}` });
    part.style.width = `${(timings[name] / longest) * 100}%`;
    bar.append(part);
  }
  const words = known.map(([name, label]) =>
    h(
      'li',
      {},
      h('span', { class: `mark phase-${name.toLowerCase()}`, 'aria-hidden': 'true' }),
      `${label} ${duration(timings[name])}`,
    ),
  );
  return h(
    'div',
    {},
    bar,
    h('ul', { class: 'legend' }, ...words, h('li', {}, `all ${duration(totalOf(timings))}`)),
  );
}
