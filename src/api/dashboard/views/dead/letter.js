// One dead letter: its request, every attempt, and advice.
import { fill, h } from '../../element.js';
import { createProblemPlace } from '../../problem.js';
import { routeTo } from '../../route.js';
import { count, stamp, visible, webLink } from '../../text.js';
import { attemptsList } from './attempts.js';
import { openReplayForm } from './replay-form.js';

export function letterView({ app, route, signal }) {
  const problems = createProblemPlace();
  const body = h('div', { class: 'stack' }, h('p', { class: 'empty' }, 'Loading…'));
  const node = h(
    'div',
    { class: 'view' },
    h('a', { href: '#/dead', class: 'back' }, '← Dead letters'),
    problems.node,
    body,
  );
  app.api
    .get(`/v1/dead/${encodeURIComponent(route.id)}`, signal)
    .then((letter) => fill(body, ...partsOf(app, letter)))
    .catch((error) => {
      fill(body, h('h1', { tabindex: -1 }, 'Dead letter'));
      problems.show(error);
    });
  return { node, title: 'Dead letter' };
}

function partsOf(app, letter) {
  const { code, host, url, message, advice, layer, crawl } = letter;
  const group = { code, host };
  const replay = h('button', { type: 'button', class: 'primary' }, 'Replay…');
  const filter = { code, host, crawl, q: url };
  replay.addEventListener('click', () => openReplayForm(app, { filter, isCanary: false }));
  return [
    h(
      'div',
      { class: 'view-head' },
      h(
        'div',
        {},
        h('h1', { tabindex: -1, class: 'mono' }, code, ' ', h('span', { class: 'badge' }, layer)),
        h('p', {}, webLink(url)),
      ),
      h(
        'div',
        { class: 'buttons' },
        h('a', { class: 'button', href: routeTo('dead', null, { ...group, show: 'letters' }) }, 'Group'),
        h('a', { class: 'button', href: routeTo('explain', null, { url, crawl }) }, 'Explain'),
        app.canWrite() && replay,
      ),
    ),
    h(
      'section',
      { class: 'card pad', 'aria-label': 'What happened' },
      h('p', { class: 'wrap' }, visible(message)),
      h('p', { class: 'advice' }, visible(advice)),
    ),
    h(
      'section',
      { class: 'card pad' },
      h('h2', {}, `Attempts (${count(letter.attempts)})`),
      attemptsList(letter.tries, url),
    ),
    h('section', { class: 'card pad' }, h('h2', {}, 'Request'), requestList(letter)),
  ];
}

function requestList({ jobId, crawl, depth, referrer, failedAt, request }) {
  const extras = Object.entries(request).filter(([name]) => name !== 'url');
  const rows = [
    ['Job', h('span', { class: 'mono' }, jobId)],
    ['Crawl', h('a', { href: routeTo('crawls', crawl) }, crawl)],
    ['Depth', count(depth)],
    ['Found on', referrer ? webLink(referrer) : 'none: it was a seed'],
    ['Failed', stamp(failedAt)],
    ...extras.map(([name, value]) => [
      name,
      h('span', { class: 'mono' }, visible(typeof value === 'string' ? value : JSON.stringify(value))),
    ]),
  ];
  return h(
    'dl',
    { class: 'tally wide' },
    ...rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}
