// The form that begins a crawl.
import { createCallKey } from '../../api.js';
import { openDialog } from '../../dialog.js';
import { h } from '../../element.js';
import { field } from '../../form.js';
import { Problem } from '../../problem.js';
import { routeTo } from '../../route.js';

const asSet = 'default';
const number = { kind: 'number', min: 0, inputmode: 'numeric', placeholder: asSet };

export function openCrawlForm(app) {
  const fields = {
    urls: field({
      name: 'url',
      label: 'URLs',
      kind: 'area',
      required: true,
      hint: 'Where the crawl begins; one URL per line.',
      placeholder: 'https://example.com/',
    }),
    name: field({
      name: 'name',
      label: 'Name',
      hint: 'Optional. An unfinished crawl of that name goes on.',
      maxlength: 100,
    }),
    scope: field({
      name: 'scope',
      label: 'Follow links to',
      kind: 'choice',
      options: [
        ['', 'server default'],
        ['host', 'the same host'],
        ['origin', 'the same origin'],
        ['domain', 'the same domain'],
        ['any', 'anywhere'],
      ],
    }),
    maxDepth: field({ ...number, name: 'maxDepth', label: 'Depth', hint: '0: only the URLs above.' }),
    limit: field({ ...number, name: 'limit', label: 'Limit', hint: 'Most requests that the crawl accepts.' }),
    concurrency: field({ ...number, name: 'concurrency', label: 'Fetches at once per host' }),
    delayMs: field({
      ...number,
      name: 'delayMs',
      label: 'Delay, ms',
      hint: 'Least time between two starts at one host.',
    }),
  };
  const { urls, name, scope, maxDepth, limit, concurrency, delayMs } = fields;
  const keyFor = createCallKey();
  openDialog({
    title: 'Start a crawl',
    fields: Object.values(fields),
    children: [
      urls.node,
      name.node,
      h('div', { class: 'grid' }, ...[scope, maxDepth, limit, concurrency, delayMs].map(({ node }) => node)),
    ],
    submit: 'Start',
    async onSubmit() {
      const body = bodyOf(fields);
      const begun = await app.api.post('/v1/crawls', body, keyFor(body));
      app.say(`Crawl ${begun.name} started`);
      location.hash = routeTo('crawls', begun.crawl);
    },
  });
}

function bodyOf({ urls, name, scope, maxDepth, limit, concurrency, delayMs }) {
  const lines = (urls.text ?? '').split(/\s+/).filter(Boolean);
  if (lines.length === 0) throw new Problem({ detail: 'Give at least one URL.', field: 'url' });
  const given = {
    ...(lines.length === 1 ? { url: lines[0] } : { urls: lines }),
    name: name.text,
    scope: scope.text,
    maxDepth: maxDepth.number,
    limit: limit.number,
    concurrency: concurrency.number,
    delayMs: delayMs.number,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}
