// Why was this URL (not) fetched? Shows one verdict and every decision that led to it.
import { queryOf } from '../api.js';
import { fill, h } from '../element.js';
import { field, showFault } from '../form.js';
import { createProblemPlace } from '../problem.js';
import { routeTo } from '../route.js';
import { visible, webLink } from '../text.js';
import { attemptsList } from './dead/attempts.js';
import { remarksOf, standingOf } from './hosts/words.js';
import { timingSection } from './waterfall.js';

export function explainView({ app, route, signal }) {
  const problems = createProblemPlace();
  const answer = h('div', { class: 'stack', 'aria-live': 'polite' });
  const url = field({
    name: 'url',
    label: 'URL',
    placeholder: 'https://example.com/',
    inputmode: 'url',
    required: true,
  });
  const crawl = field({
    name: 'crawl',
    label: 'Crawl',
    hint: 'Id of a crawl; by default the newest that has seen the URL.',
  });
  const form = h(
    'form',
    { class: 'filters explain', role: 'search', 'aria-label': 'Explain a URL', novalidate: true },
    url.node,
    crawl.node,
    h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary' }, 'Explain')),
  );
  let asked = 0;

  async function explain(query) {
    const mine = ++asked;
    problems.clear();
    fill(answer, h('p', { class: 'empty' }, 'Loading…'));
    try {
      const explanation = await app.api.get(`/v1/explain${queryOf(query)}`, signal);
      if (mine !== asked) return;
      const isTimed = /^https?:/.test(explanation.normalized ?? '');
      fill(answer, ...partsOf(explanation), isTimed && timingSection({ app, explanation, problems }));
    } catch (error) {
      if (mine !== asked) return;
      fill(answer);
      if (!showFault([url, crawl], error)) problems.show(error);
    }
  }

  function update({ query }) {
    url.input.value = query.url ?? '';
    crawl.input.value = query.crawl ?? '';
    if (query.url) explain({ url: query.url, crawl: query.crawl });
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    showFault([url, crawl], url.text ? null : { field: 'url', message: 'Give a URL.' });
    if (!url.text) return;
    const wanted = routeTo('explain', null, { url: url.text, crawl: crawl.text });
    // The same question asked again gets a new answer.
    if (wanted === location.hash) update({ query: { url: url.text, crawl: crawl.text } });
    else location.hash = wanted;
  });
  update(route);
  const intro = h(
    'p',
    { class: 'muted' },
    'Why was a URL fetched, or why not? This also works for URLs that were never offered.',
  );
  const node = h(
    'div',
    { class: 'view' },
    h('h1', { tabindex: -1 }, 'Explain'),
    intro,
    form,
    problems.node,
    answer,
  );
  return { node, title: 'Explain', update };
}

function partsOf({
  verdict,
  normalized,
  fingerprint,
  host,
  crawl,
  steps,
  attempts,
  letter,
  record,
  hostState,
}) {
  const rows = [
    ['Normalised', normalized ? webLink(normalized) : '–'],
    ['Fingerprint', fingerprint ?? '–'],
    ['Host', host ? visible(host) : '–'],
    ['Crawl', crawl ? h('a', { href: routeTo('crawls', crawl) }, crawl) : 'none'],
    letter && ['Dead letter', h('a', { href: routeTo('dead', letter.jobId) }, letter.code)],
    hostState && ['Host now', [standingOf(hostState).text, ...remarksOf(hostState)].join(' · ')],
    record && [
      'Record',
      h(
        'span',
        { class: 'mono' },
        `${visible(record.file)}${record.offset === null ? '' : ` at ${record.offset}`}`,
      ),
    ],
  ].filter(Boolean);
  return [
    h('section', { class: 'card pad verdict', 'aria-label': 'Verdict' }, h('p', {}, visible(verdict))),
    h(
      'section',
      { class: 'card pad' },
      h('h2', {}, 'Decisions'),
      h('ol', { class: 'steps' }, ...steps.map(stepItem)),
    ),
    h(
      'section',
      { class: 'card pad' },
      h('h2', {}, 'The request'),
      h(
        'dl',
        { class: 'tally wide' },
        ...rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
      ),
    ),
    attempts.length > 0 &&
      h('section', { class: 'card pad' }, h('h2', {}, 'Attempts'), attemptsList(attempts, normalized)),
  ];
}

const marks = {
  true: ['✓', 'good', 'passed'],
  false: ['✕', 'bad', 'stopped here'],
  null: ['–', '', 'not known'],
};

function stepItem({ step, ok, text, detail }) {
  const [mark, kind, words] = marks[String(ok)] ?? marks.null;
  const rows = Object.entries(detail ?? {}).filter(([, value]) => value !== null);
  return h(
    'li',
    {},
    h('span', { class: `step-mark ${kind}`, 'aria-hidden': 'true' }, mark),
    h(
      'div',
      {},
      h(
        'p',
        { class: 'wrap' },
        h('strong', {}, step),
        h('span', { class: 'hidden-text' }, ` (${words})`),
        ' ',
        visible(text),
      ),
      rows.length > 0 &&
        h(
          'details',
          {},
          h('summary', {}, 'Details'),
          h(
            'dl',
            { class: 'tally wide' },
            ...rows.map(([name, value]) =>
              h(
                'div',
                {},
                h('dt', {}, name),
                h(
                  'dd',
                  { class: 'mono' },
                  visible(typeof value === 'string' ? value : JSON.stringify(value)),
                ),
              ),
            ),
          ),
        ),
    ),
  );
}
