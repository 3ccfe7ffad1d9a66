// The attempts of a request: error, address, timings, and the beginning of the answer.
import { h } from '../../element.js';
import { duration, stamp, visible } from '../../text.js';

const phases = [
  ['dns', 'DNS'],
  ['connect', 'connect'],
  ['tls', 'TLS'],
  ['firstByte', 'first byte'],
  ['download', 'download'],
];

/** @param {string | null} url the request's URL; an attempt that ended at another URL shows that one too */
export function attemptsList(attempts, url) {
  if (attempts.length === 0) return h('p', { class: 'muted' }, 'No attempts are kept.');
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
    body && h('details', {}, h('summary', {}, 'Beginning of the answer'), h('pre', {}, visibleLines(body))),
  );
}

/** Makes invisible characters visible and keeps line breaks. */
const visibleLines = (text) => text.split('\n').map(visible).join('\n');

const totalOf = (timings) => timings.total ?? phases.reduce((sum, [name]) => sum + (timings[name] ?? 0), 0);

/** A bar with the phases, in proportion to the longest attempt in the list, and the same in words. */
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
    h('ul', { class: 'legend' }, ...words, h('li', {}, `total ${duration(totalOf(timings))}`)),
  );
}
